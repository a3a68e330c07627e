//! Whether answers are those of a shop that sells, as far as the checkout. Pure.
//!
//! The shop is asked as WooCommerce's own pages ask it: its Store API (`wc/store/v1`)
//! and addresses that every theme has.

use serde::Deserialize;
use url::{Position, Url};

use crate::storefront::page::Page;
use crate::storefront::verdict::html;

/// Something that can be bought, by the Store API.
pub const CATALOGUE: &str =
    "/wp-json/wc/store/v1/products?type=simple&stock_status=instock&per_page=1";
/// What is in the cart, by the Store API.
pub const CART: &str = "/wp-json/wc/store/v1/cart";
/// Where an order is placed.
pub const CHECKOUT: &str = "/checkout/";

/// Something that can be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// WordPress's number for it.
    pub id: u64,
    /// Where its page is, below the shop's address.
    pub path: String,
}

#[derive(Deserialize)]
struct Offer {
    id: u64,
    permalink: Url,
}

#[derive(Deserialize)]
struct Cart {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: u64,
}

/// The catalogue's first product, if there is one.
///
/// # Errors
/// Why this is no answer of the Store API, in one line.
pub fn catalogue(page: &Page) -> Result<Option<Product>, String> {
    let offers: Vec<Offer> = json("the Store API", page)?;
    Ok(offers.into_iter().next().map(|offer| Product {
        id: offer.id,
        path: offer.permalink[Position::BeforePath..].to_owned(),
    }))
}

/// The product's page.
///
/// # Errors
/// Why it cannot be bought there, in one line.
pub fn product(page: &Page, product: &Product) -> Result<(), String> {
    html(&product.path, page)?;
    match page.body.contains("add-to-cart") {
        true => Ok(()),
        false => Err(format!("`{}` has no way into the cart", product.path)),
    }
}

/// The answer to putting it into the cart.
///
/// # Errors
/// Why it is no page, in one line.
pub fn added(page: &Page) -> Result<(), String> {
    html("/?add-to-cart", page)
}

/// The cart, afterwards.
///
/// # Errors
/// Why the product is not in it, in one line.
pub fn cart(page: &Page, product: &Product) -> Result<(), String> {
    let cart: Cart = json("the cart", page)?;
    match cart.items.iter().any(|item| item.id == product.id) {
        true => Ok(()),
        false => Err("what is put into the cart does not stay there".to_owned()),
    }
}

/// The checkout, with something in the cart. Only in a shop that opens is it sure
/// to be at that address.
///
/// # Errors
/// Why no order can be placed there, in one line.
pub fn checkout(page: &Page, opens: bool) -> Result<(), String> {
    if !opens && page.status == 404 {
        return Ok(());
    }
    html(CHECKOUT, page)?;
    match page.body.contains("woocommerce-checkout") {
        true => Ok(()),
        false => Err(format!("`{CHECKOUT}` answers, but with no checkout")),
    }
}

/// Cookies that were set take the place of those of their name.
pub fn keep(jar: &mut Vec<String>, set: &[String]) {
    let name = |cookie: &str| cookie.split('=').next().unwrap_or_default().to_owned();
    for cookie in set {
        jar.retain(|kept| name(kept) != name(cookie));
        jar.push(cookie.clone());
    }
}

fn json<T: for<'a> Deserialize<'a>>(what: &str, page: &Page) -> Result<T, String> {
    if page.status != 200 {
        return Err(format!("{what} answers {}", page.status));
    }
    serde_json::from_str(&page.body).map_err(|error| format!("{what} answers nonsense: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(status: u16, content_type: &str, body: &str) -> Page {
        Page {
            status,
            content_type: content_type.to_owned(),
            body: body.to_owned(),
            ..Page::default()
        }
    }

    fn api(status: u16, body: &str) -> Page {
        page(status, "application/json", body)
    }

    fn site(status: u16, body: &str) -> Page {
        page(status, "text/html; charset=UTF-8", body)
    }

    fn sample() -> Product {
        Product {
            id: 9,
            path: "/product/sample/".to_owned(),
        }
    }

    #[test]
    fn a_catalogue_is_one_whether_or_not_anything_is_in_it() {
        let offer =
            r#"[{"id": 9, "permalink": "http://a.localhost:8080/product/sample/", "name": "x"}]"#;
        assert_eq!(catalogue(&api(200, offer)), Ok(Some(sample())));
        assert_eq!(catalogue(&api(200, "[]")), Ok(None));
        for (page, why) in [
            (api(404, r#"{"code": "rest_no_route"}"#), "answers 404"),
            (api(500, ""), "answers 500"),
            (api(200, "<html>coming soon</html>"), "nonsense"),
            (api(200, r#"{"code": "x"}"#), "nonsense"),
        ] {
            let error = catalogue(&page).unwrap_err();
            assert!(error.contains(why), "{why}: {error}");
        }
    }

    #[test]
    fn a_product_can_be_put_into_the_cart() {
        let form = "<button name=\"add-to-cart\" value=\"9\">";
        assert_eq!(product(&site(200, form), &sample()), Ok(()));
        assert!(product(&site(200, "out of stock"), &sample()).is_err());
        assert!(product(&site(404, form), &sample()).is_err());
    }

    #[test]
    fn the_cart_holds_what_was_put_into_it() {
        assert_eq!(
            cart(&api(200, r#"{"items": [{"id": 9}]}"#), &sample()),
            Ok(())
        );
        for body in [r#"{"items": []}"#, r#"{"items": [{"id": 8}]}"#, "{}"] {
            assert!(cart(&api(200, body), &sample()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_checkout_may_only_move_after_the_shop_has_opened() {
        let form = "<div class=\"wp-block-woocommerce-checkout\">";
        let broken = "There has been a critical error on this website";
        for (page, opening, later) in [
            (site(200, form), true, true),
            (site(404, ""), false, true),
            (site(200, "<h1>Cart</h1>"), false, false),
            (site(500, ""), false, false),
            (site(200, broken), false, false),
        ] {
            assert_eq!(checkout(&page, true).is_ok(), opening, "{page:?}");
            assert_eq!(checkout(&page, false).is_ok(), later, "{page:?}");
        }
    }

    #[test]
    fn a_cookie_set_again_is_one_cookie() {
        let mut jar = vec!["a=1".to_owned(), "b=2".to_owned()];
        keep(&mut jar, &["a=3".to_owned(), "c=4".to_owned()]);
        assert_eq!(jar, ["b=2", "a=3", "c=4"]);
    }
}
