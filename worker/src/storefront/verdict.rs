//! Whether answers are those of an installed, working WordPress. Pure.

use crate::storefront::page::Page;

/// Texts of pages that are answers but no shop.
const BROKEN: [(&str, &str); 5] = [
    (
        "Error establishing a database connection",
        "WordPress does not reach its database",
    ),
    (
        "There has been a critical error",
        "WordPress shows its critical-error page",
    ),
    ("WordPress &rsaquo; Error", "WordPress shows its error page"),
    (
        "WordPress &rsaquo; Installation",
        "WordPress is not installed",
    ),
    (
        "WordPress &rsaquo; Setup Configuration File",
        "WordPress has no configuration",
    ),
];

/// Texts of which a WordPress page has at least one.
const MARKS: [&str; 4] = [
    "wp-content",
    "wp-includes",
    "/wp-json",
    "content=\"WordPress",
];

/// `GET /`.
///
/// # Errors
/// Why this is no front page, in one line.
pub fn front_page(page: &Page) -> Result<(), String> {
    html("/", page)?;
    if MARKS.iter().any(|mark| page.body.contains(mark)) {
        Ok(())
    } else {
        Err("`/` answers, but not with a WordPress page".to_owned())
    }
}

/// `GET /wp-login.php`.
///
/// # Errors
/// Why this is no login page, in one line.
pub fn login(page: &Page) -> Result<(), String> {
    html("/wp-login.php", page)
}

/// `GET /wp-admin/install.php`: anything but the form that would let a stranger
/// install the shop for himself.
///
/// # Errors
/// That the form is open.
pub fn installer(page: &Page) -> Result<(), String> {
    if page.status == 200 && page.body.contains("id=\"setup\"") {
        return Err("`/wp-admin/install.php` is open to strangers".to_owned());
    }
    Ok(())
}

pub(super) fn html(path: &str, page: &Page) -> Result<(), String> {
    if page.status != 200 {
        let to = page.location.as_deref().unwrap_or_default();
        let to = if to.is_empty() {
            String::new()
        } else {
            format!(" (to {to})")
        };
        return Err(format!("`{path}` answers {}{to}", page.status));
    }
    if let Some((_, why)) = BROKEN.iter().find(|(sign, _)| page.body.contains(sign)) {
        return Err((*why).to_owned());
    }
    if !page.content_type.starts_with("text/html") {
        return Err(format!("`{path}` is no HTML page"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(status: u16, body: &str) -> Page {
        Page {
            status,
            content_type: "text/html; charset=UTF-8".to_owned(),
            body: body.to_owned(),
            ..Page::default()
        }
    }

    const SHOP: &str =
        "<html><head><title>My Shop</title><link href='/wp-content/themes/x.css'></head></html>";

    #[test]
    fn a_front_page_is_a_wordpress_page() {
        assert_eq!(front_page(&page(200, SHOP)), Ok(()));
        for (page, why) in [
            (page(503, SHOP), "answers 503"),
            (page(404, "404 page not found"), "answers 404"),
            (
                page(200, "<html>It works!</html>"),
                "not with a WordPress page",
            ),
            (page(200, ""), "not with a WordPress page"),
            (
                page(
                    200,
                    "<h1>Error establishing a database connection</h1> wp-includes",
                ),
                "database",
            ),
            (
                page(
                    200,
                    "<title>WordPress &rsaquo; Installation</title> wp-includes",
                ),
                "not installed",
            ),
            (
                Page {
                    content_type: "application/json".to_owned(),
                    ..page(200, SHOP)
                },
                "no HTML",
            ),
            (
                Page {
                    location: Some("/wp-admin/install.php".to_owned()),
                    ..page(302, "")
                },
                "answers 302 (to /wp-admin/install.php)",
            ),
        ] {
            let error = front_page(&page).unwrap_err();
            assert!(error.contains(why), "{why}: {error}");
        }
    }

    #[test]
    fn an_open_installer_is_found_and_a_closed_one_is_not() {
        let form = "<form id=\"setup\" method=\"post\" action=\"install.php?step=2\">";
        assert!(installer(&page(200, form)).is_err());
        assert_eq!(installer(&page(200, "<h1>Already Installed</h1>")), Ok(()));
        assert_eq!(installer(&page(403, form)), Ok(()));
        assert_eq!(installer(&page(404, "")), Ok(()));
    }

    #[test]
    fn a_login_page_answers_200() {
        assert_eq!(login(&page(200, "<form id=\"loginform\">")), Ok(()));
        assert!(login(&page(500, "")).is_err());
    }
}
