//! One HTTP answer, and where a redirect leads. Pure.

use url::Url;

/// An answer, shortened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// `Location`.
    pub location: Option<String>,
    /// Cookies that it sets, as `name=value`.
    pub cookies: Vec<String>,
    /// The first part of the body.
    pub body: String,
}

/// Where to ask next: a redirect within the same host name is followed, one to
/// another host is the answer (and no shop page).
#[must_use]
pub fn next(asked: &Url, page: &Page) -> Option<Url> {
    if !matches!(page.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let target = asked.join(page.location.as_deref()?).ok()?;
    (target.host_str() == asked.host_str() && target.scheme() == asked.scheme()).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_redirects_within_the_host_are_followed() {
        let asked = Url::parse("http://a.localhost:8080/").unwrap();
        for (status, location, expected) in [
            (301, Some("/shop/"), Some("http://a.localhost:8080/shop/")),
            (
                302,
                Some("http://a.localhost/x"),
                Some("http://a.localhost/x"),
            ),
            (302, Some("http://b.localhost:8080/"), None),
            (302, Some("https://a.localhost/"), None),
            (302, None, None),
            (200, Some("/x"), None),
        ] {
            let page = Page {
                status,
                location: location.map(str::to_owned),
                ..Page::default()
            };
            let found = next(&asked, &page).map(|url| url.to_string());
            assert_eq!(found.as_deref(), expected);
        }
    }
}
