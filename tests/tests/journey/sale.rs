//! What makes a store a shop: a customer buys, and the owner finds the order. And
//! what a stranger must not learn on the way.

use serde_json::{Value, json};
use system_tests::machine::{kubectl, secret};
use system_tests::platform::Platform;
use system_tests::shop::Shop;

/// Whether the store is a shop, as its chart says. With a plugin at hand it must be.
pub fn sells(id: &str) -> bool {
    let web = kubectl(&["get", "deployment", "wordpress", "-n", id]).unwrap();
    let sells = web["metadata"]["annotations"]["urumi.dev/shop"] == "woocommerce";
    if std::env::var("URUMI_WOOCOMMERCE_ZIP").is_ok_and(|zip| !zip.is_empty()) {
        assert!(
            sells,
            "URUMI_WOOCOMMERCE_ZIP is set, and the store sells nothing"
        );
    }
    sells
}

/// Product, cart, checkout with cash on delivery, order: by WooCommerce's own APIs.
pub async fn an_order_is_placed_and_found(platform: &Platform, store: &Value, id: &str) {
    let shop = Shop::of(platform, store).unwrap();
    let cart = shop.get("/wp-json/wc/store/v1/cart").await.unwrap();
    let header = |name: &str| cart.headers()[name].to_str().unwrap().to_owned();
    let (token, nonce) = (header("cart-token"), header("nonce"));
    let own = [("Cart-Token", token.as_str()), ("Nonce", nonce.as_str())];

    let products = shop.get("/wp-json/wc/store/v1/products").await.unwrap();
    let products: Value = products.json().await.unwrap();
    let product = &products[0]["id"];
    assert!(product.is_u64(), "nothing to buy: {products}");
    let page = products[0]["permalink"].as_str().unwrap();
    let path = page.splitn(4, '/').nth(3).unwrap();
    let page = shop.get(&format!("/{path}")).await.unwrap();
    assert_eq!(page.status(), 200, "the product has a page");

    let line = json!({"id": product, "quantity": 2});
    let cart = shop
        .post("/wp-json/wc/store/v1/cart/add-item", &own, &line)
        .await
        .unwrap();
    assert_eq!(cart["items_count"], 2);
    let customer = json!({
        "first_name": "Ada", "last_name": "Lovelace", "address_1": "1 Main St", "city": "Springfield",
        "state": "CA", "postcode": "90210", "country": "US", "email": "ada@example.com", "phone": "5551234",
    });
    let order =
        json!({"billing_address": customer, "shipping_address": customer, "payment_method": "cod"});
    let placed = shop
        .post("/wp-json/wc/store/v1/checkout", &own, &order)
        .await
        .unwrap();
    assert_eq!(
        placed["payment_result"]["payment_status"], "success",
        "{placed:#}"
    );

    let found = order_as_its_owner_sees_it(&shop, id, &placed["order_id"]).await;
    assert_eq!(found["payment_method"], "cod", "{found:#}");
    assert_eq!(found["status"], "processing");
    assert_eq!(found["billing"]["last_name"], "Lovelace");
    println!(
        "ORDER {} over {} {}",
        found["number"], found["total"], found["currency"]
    );
}

/// By WooCommerce's REST API, in the admin's session.
async fn order_as_its_owner_sees_it(shop: &Shop, id: &str, order: &Value) -> Value {
    let user = secret(id, "store-credentials", "wordpress-admin-user").unwrap();
    let password = secret(id, "store-credentials", "wordpress-admin-password").unwrap();
    let cookies = shop.log_in(&user, &password).await.unwrap();
    let cookies = ("Cookie", cookies.as_str());
    let nonce = "/wp-admin/admin-ajax.php?action=rest-nonce";
    let nonce = shop.get_with(nonce, &[cookies]).await.unwrap();
    let nonce = nonce.text().await.unwrap();
    let path = format!("/wp-json/wc/v3/orders/{order}");
    let found = shop
        .get_with(&path, &[cookies, ("X-WP-Nonce", &nonce)])
        .await;
    found.unwrap().json().await.unwrap()
}

/// Names with which people log in, pages that change the shop, tasks.
pub async fn strangers_learn_and_start_nothing(platform: &Platform, store: &Value) {
    let shop = Shop::of(platform, store).unwrap();
    for (path, status) in [
        ("/wp-json/wp/v2/users", 404),
        ("/wp-json/wp/v2/users/1", 404),
        ("/?author=1", 404),
        ("/author/admin/", 404),
        ("/wp-sitemap-users-1.xml", 404),
        ("/wp-admin/upgrade.php", 403),
        ("/wp-admin/maint/repair.php", 403),
        ("/wp-admin/install.php", 403),
        ("/xmlrpc.php", 403),
        ("/wp-cron.php", 403),
        ("/wp-config.php", 403),
    ] {
        let answer = shop.get(path).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let text = answer.text().await.unwrap();
        assert!(
            !text.contains(">admin<"),
            "{path} tells a name: {text:.300}"
        );
    }
    let feed = shop.get("/feed/").await.unwrap().text().await.unwrap();
    assert!(!feed.contains("CDATA[admin]"), "the feed tells a name");
    let mut said = Vec::new();
    for name in ["admin", "nobody"] {
        said.push(shop.login_answer(name, "wrong").await.unwrap());
    }
    assert_eq!(
        said[0], said[1],
        "a wrong password and an unknown name are told alike"
    );
}
