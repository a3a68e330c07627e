//! The name that a person gives a store: shown, never used to address anything.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A store's display name: 1 to 60 characters, no control characters, no
/// leading or trailing white space (it is trimmed).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 60, example = "My Shop",
    pattern = r"^[^\u0000-\u001F\u007F-\u009F\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]*[^\s\u0000-\u001F\u007F-\u009F\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF][^\u0000-\u001F\u007F-\u009F\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]*$")]
pub struct StoreName(String);

/// Why a text cannot be a store's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStoreName {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// Longer than [`StoreName::MAX_CHARS`].
    #[error("must have at most 60 characters, has {0}")]
    TooLong(usize),
    /// A control or invisible formatting character.
    #[error("must not contain control characters (found U+{0:04X})")]
    ControlCharacter(u32),
}

impl StoreName {
    /// Most characters (Unicode scalar values) of a name.
    pub const MAX_CHARS: usize = 60;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StoreName {
    type Err = InvalidStoreName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // As it was sent: a bound that counts something else cannot be written down.
        let chars = text.chars().count();
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidStoreName::Empty);
        }
        if chars > Self::MAX_CHARS {
            return Err(InvalidStoreName::TooLong(chars));
        }
        if let Some(found) = text.chars().find(|c| is_control_like(*c)) {
            return Err(InvalidStoreName::ControlCharacter(u32::from(found)));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Control characters, and the invisible ones that turn or hide text around
/// them (Unicode bidi controls, zero-width characters, line separators).
fn is_control_like(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

impl<'de> Deserialize<'de> for StoreName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_may_hold_any_script() {
        for (text, name) in [
            ("My Shop", "My Shop"),
            ("  Café Zürich ", "Café Zürich"),
            ("店", "店"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ] {
            assert_eq!(text.parse::<StoreName>().map(|n| n.0), Ok(name.to_owned()));
        }
    }

    #[test]
    fn empty_long_and_control_names_are_refused() {
        assert_eq!("  ".parse::<StoreName>(), Err(InvalidStoreName::Empty));
        assert_eq!(
            "x".repeat(61).parse::<StoreName>(),
            Err(InvalidStoreName::TooLong(61))
        );
        assert_eq!(
            "a\u{0}b".parse::<StoreName>(),
            Err(InvalidStoreName::ControlCharacter(0))
        );
        assert_eq!(
            "a\u{202E}b".parse::<StoreName>(),
            Err(InvalidStoreName::ControlCharacter(0x202E))
        );
        assert!("é".repeat(60).parse::<StoreName>().is_ok());
    }
}
