//! Waiting for a condition, with a deadline; there is no other waiting here.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Between two looks.
pub const LOOK: Duration = Duration::from_millis(100);

/// Look until something is found.
///
/// # Errors
/// If it is not found in time.
pub async fn until<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return Ok(found);
        }
        if begun.elapsed() > within {
            bail!("{what}: not within {within:?}");
        }
        tokio::time::sleep(LOOK).await;
    }
}
