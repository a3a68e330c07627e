//! The only place that sleeps, and every sleep ends with the program.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Wait for that long, or until the token is cancelled; `false` if cancelled.
#[expect(clippy::disallowed_methods, reason = "this is the one place for it")]
pub async fn pause(duration: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(duration) => true,
        () = stop.cancelled() => false,
    }
}
