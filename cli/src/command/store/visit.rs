//! Going to a shop with a browser: its front page, its admin. Asks nothing of the
//! platform.

use serde_json::Value;

use crate::exit::Failed;
use crate::output::text;
use crate::screen;

/// Open a Ready store's front page. The address is printed in any case: not every
/// machine has a browser.
///
/// # Errors
/// That it is not Ready (exit code 5).
pub fn browse(store: &Value) -> Result<(), Failed> {
    let (id, status, url) = (
        text(&store["id"]),
        text(&store["status"]),
        text(&store["url"]),
    );
    if status != "Ready" {
        return Err(Failed::new(format!("{id} is {status}, not Ready"))
            .code(5)
            .next(format!("look at it with `urumi store get {id}`")));
    }
    screen::show(&url)?;
    if let Err(error) = open::that_detached(&url) {
        eprintln!("no browser could be started ({error}); open the address by hand");
    }
    Ok(())
}

/// The link lets in whoever has it; so it is printed only when nobody opens it here.
///
/// # Errors
/// That there is no link, or no browser for it.
pub fn log_in(link: &Value, open: bool) -> Result<(), Failed> {
    let Some(url) = link["url"].as_str() else {
        return Err(Failed::new("the first answer with the link was lost")
            .next("ask for another one: the same command again"));
    };
    if !open {
        return screen::show(url);
    }
    open::that_detached(url).map_err(|error| {
        Failed::new(format!("no browser could be started ({error})"))
            .next("leave --open out, and open the link by hand")
    })
}
