//! What follows from a try: the rule of retries, and when a webhook is disabled.
//! Pure.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

/// Tries that are kept in the log.
pub const MAX_LOGGED: usize = 20;

/// One try, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookTryView)]
pub struct Try {
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The status that was answered.
    pub status: Option<u16>,
    /// Why it counts as failed.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It was taken.
    Delivered,
    /// Once more, after that wait.
    Again(Duration),
    /// It was tried often enough.
    Failed,
}

/// Why the platform disables a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Disabled {
    /// It answered 410.
    Gone,
    /// It took nothing for too long.
    Failing,
}

impl Disabled {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "Gone",
            Self::Failing => "Failing",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Gone, Self::Failing]
            .into_iter()
            .find(|reason| reason.as_str() == text)
    }
}

/// Whether an answer means that the message was taken; else why not.
pub fn complaint(status: u16) -> Option<String> {
    match status {
        200..=299 => None,
        300..=399 => Some(format!("it answered {status}; redirects are not followed")),
        _ => Some(format!("it answered {status}")),
    }
}

/// `wait` is how long the next try would be put off.
pub fn next(tried: &Try, tries_left: i32, wait: Duration) -> Next {
    match (&tried.error, tries_left) {
        (None, _) => Next::Delivered,
        (Some(_), ..=0) => Next::Failed,
        (Some(_), _) => Next::Again(wait),
    }
}

/// Whether a webhook is disabled after a try that failed.
pub fn disabled(
    tried: &Try,
    failing_since: Option<OffsetDateTime>,
    patience: Duration,
) -> Option<Disabled> {
    if tried.status == Some(410) {
        return Some(Disabled::Gone);
    }
    let is_long = failing_since.is_some_and(|since| tried.at - since >= patience);
    (tried.error.is_some() && is_long).then_some(Disabled::Failing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(second: i64, status: Option<u16>) -> Try {
        Try {
            at: OffsetDateTime::UNIX_EPOCH + Duration::seconds(second),
            status,
            error: status.map_or(Some("no answer".to_owned()), complaint),
            duration_ms: 1,
        }
    }

    #[test]
    fn a_message_is_tried_until_it_is_taken_or_was_tried_enough() {
        let wait = Duration::seconds(9);
        for (status, left, expected) in [
            (Some(200), 3, Next::Delivered),
            (Some(204), 0, Next::Delivered),
            (Some(302), 3, Next::Again(wait)),
            (Some(404), 1, Next::Again(wait)),
            (Some(410), 3, Next::Again(wait)),
            (Some(500), 0, Next::Failed),
            (None, 1, Next::Again(wait)),
            (None, 0, Next::Failed),
        ] {
            assert_eq!(next(&tried(0, status), left, wait), expected, "{status:?}");
        }
    }

    #[test]
    fn a_webhook_is_disabled_when_it_is_gone_or_takes_nothing_for_long() {
        let since = Some(OffsetDateTime::UNIX_EPOCH);
        let patience = Duration::seconds(100);
        for (second, status, since, expected) in [
            (1, Some(410), None, Some(Disabled::Gone)),
            (99, Some(500), since, None),
            (100, Some(500), since, Some(Disabled::Failing)),
            (100, None, since, Some(Disabled::Failing)),
            (100, None, None, None),
            (100, Some(200), since, None),
        ] {
            let is = disabled(&tried(second, status), since, patience);
            assert_eq!(is, expected, "{second} {status:?}");
        }
    }
}
