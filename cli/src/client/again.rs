//! Whether a request is sent once more, and after how long. Only the rule: it
//! neither sends nor waits.

use std::time::Duration;

use reqwest::StatusCode;

/// Most requests for one wish.
const MOST: u32 = 5;
/// The first pause where the server names none; each next one is twice as long.
const FIRST: Duration = Duration::from_millis(250);
/// Nobody waits longer than this for one answer, whatever the server says.
const LONGEST: Duration = Duration::from_secs(30);

/// How a request came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End<'a> {
    /// Without an answer.
    Silent,
    /// With that status, and `Retry-After` where it was given.
    Said(StatusCode, Option<&'a str>),
}

/// The pause before the next try of what was tried so often; `None` for the last.
pub fn pause(tried: u32, end: End<'_>) -> Option<Duration> {
    if tried >= MOST {
        return None;
    }
    let own = FIRST * 2_u32.pow(tried.saturating_sub(1));
    match end {
        End::Silent => Some(own),
        End::Said(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, after) => {
            let named = after.and_then(|text| text.trim().parse().ok());
            let pause = named.map_or(own, Duration::from_secs);
            (pause <= LONGEST).then_some(pause)
        }
        End::Said(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_by_itself_is_tried_again_and_not_forever() {
        let (busy, away) = (
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        );
        let ms = |ms| Some(Duration::from_millis(ms));
        for (tried, end, wanted) in [
            (1, End::Silent, ms(250)),
            (2, End::Silent, ms(500)),
            (4, End::Silent, ms(2_000)),
            (5, End::Silent, None),
            (1, End::Said(busy, Some("3")), ms(3_000)),
            (2, End::Said(away, None), ms(500)),
            (1, End::Said(away, Some("soon")), ms(250)),
            (1, End::Said(busy, Some("31")), None),
            (5, End::Said(busy, Some("1")), None),
            (1, End::Said(StatusCode::CONFLICT, Some("1")), None),
            (1, End::Said(StatusCode::INTERNAL_SERVER_ERROR, None), None),
            (1, End::Said(StatusCode::OK, None), None),
        ] {
            assert_eq!(pause(tried, end), wanted, "{tried} {end:?}");
        }
    }
}
