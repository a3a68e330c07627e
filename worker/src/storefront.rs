//! The shop itself, asked from outside: through the ingress, with the store's own
//! host name, as a visitor's browser would. There is no switch that skips this.

pub mod page;
pub mod probe;
pub mod sale;
pub mod verdict;

pub use probe::Prober;

/// What a store is to be, and so what of it has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shop {
    /// A plain WordPress.
    WordPress,
    /// A shop that sells by WooCommerce.
    WooCommerce,
}

impl Shop {
    /// From the chart's word; without one it is a plain WordPress.
    #[must_use]
    pub fn told(word: Option<&String>) -> Self {
        match word.map(String::as_str) {
            Some("woocommerce") => Self::WooCommerce,
            _ => Self::WordPress,
        }
    }
}
