//! The one spelling of a store's host: lower case, no trailing dot, punycode. Pure.
//! The table's check and unique index hold it too (`20261124002500_hosts.sql`).

use shared::ids::StoreId;
use url::Host;

/// A domain under which no store can have a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no domain that stores can be found under, such as localhost or shops.example.com"
)]
pub struct InvalidDomain(String);

/// The domain in its one spelling.
///
/// # Errors
/// [`InvalidDomain`].
pub fn domain(text: &str) -> Result<String, InvalidDomain> {
    let invalid = || InvalidDomain(text.to_owned());
    let bare = text.trim().trim_matches('.');
    let Ok(Host::Domain(domain)) = Host::parse(bare) else {
        return Err(invalid());
    };
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    // An id and its dot come before it.
    if domain.len() <= 240 && domain.split('.').all(fits) {
        Ok(domain)
    } else {
        Err(invalid())
    }
}

/// The host of a store below a domain.
///
/// # Errors
/// [`InvalidDomain`].
pub fn of(id: &StoreId, below: &str) -> Result<String, InvalidDomain> {
    Ok(format!("{id}.{}", domain(below)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_domain_is_the_same_host() {
        let id: StoreId = "store-k7q2mx".parse().unwrap();
        for (spellings, host) in [
            (
                ["localhost", "LOCALHOST", ".localhost", "localhost."],
                "store-k7q2mx.localhost",
            ),
            (
                [
                    "bücher.example",
                    "BÜCHER.example.",
                    "xn--bcher-kva.example",
                    "XN--BCHER-KVA.Example",
                ],
                "store-k7q2mx.xn--bcher-kva.example",
            ),
        ] {
            for spelling in spellings {
                assert_eq!(of(&id, spelling).as_deref(), Ok(host), "{spelling}");
            }
        }
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        for wrong in [
            "",
            ".",
            "a b",
            "a..b",
            "127.0.0.1",
            "[::1]",
            "a_b.example",
            "-a.example",
            "a/b",
            "a:80",
        ] {
            assert!(domain(wrong).is_err(), "{wrong}");
        }
        assert!(domain(&"a".repeat(64)).is_err());
    }
}
