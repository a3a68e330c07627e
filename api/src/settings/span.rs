//! A span of time as people write it: `0`, `90` (seconds), `90s`, `15m`, `72h`, `3d`.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// For a setting.
///
/// # Errors
/// Anything else, with what is understood.
pub fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(text)?;
    parse(&text).ok_or_else(|| {
        D::Error::custom(format!(
            "`{text}` is no span of time; write seconds, or a number with s, m, h or d"
        ))
    })
}

fn parse(text: &str) -> Option<Duration> {
    let unit = text.trim_start_matches(|one: char| one.is_ascii_digit());
    let seconds = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_a_unit_and_nothing_else() {
        for (text, seconds) in [
            ("0", Some(0)),
            ("90", Some(90)),
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("72h", Some(259_200)),
            ("3d", Some(259_200)),
            ("", None),
            ("h", None),
            ("-1", None),
            ("1.5h", None),
            ("1 h", None),
            ("1w", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(parse(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
