//! The text of an API key: `urumi_`, a prefix to know it by, `_`, and 32 random
//! bytes. Pure but for the random numbers. A secret of that size needs no slow
//! hash: SHA-256 is what is kept.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;
use sha2::{Digest as _, Sha256};
use shared::ids::ID_ALPHABET;
use subtle::ConstantTimeEq as _;

const MARK: &str = "urumi";
const PREFIX_LEN: usize = 10;
const SECRET_BYTES: usize = 32;
/// Of 32 bytes in base64 without padding.
const SECRET_LEN: usize = 43;

/// A whole key; its text is for its owner's eyes alone.
#[derive(Clone)]
pub struct KeyText(String);

impl KeyText {
    /// A fresh one.
    pub fn random() -> Self {
        let mut rng = rand::rng();
        let prefix: String = (0..PREFIX_LEN)
            .map(|_| char::from(ID_ALPHABET[rng.random_range(0..ID_ALPHABET.len())]))
            .collect();
        let secret: [u8; SECRET_BYTES] = rng.random();
        let secret = URL_SAFE_NO_PAD.encode(secret);
        Self(format!("{MARK}_{prefix}_{secret}"))
    }

    /// A text that may be a key.
    pub fn parse(text: &str) -> Option<Self> {
        let (mark, rest) = text.split_once('_')?;
        let (prefix, secret) = rest.split_once('_')?;
        let known = mark == MARK
            && prefix.len() == PREFIX_LEN
            && prefix.bytes().all(|byte| ID_ALPHABET.contains(&byte))
            && secret.len() == SECRET_LEN;
        known.then(|| Self(text.to_owned()))
    }

    /// What it is known by: no secret.
    pub fn prefix(&self) -> &str {
        &self.0[..MARK.len() + 1 + PREFIX_LEN]
    }

    /// What is kept of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Whether `kept` is this key's hash; takes as long whatever differs.
    pub fn is(&self, kept: &[u8]) -> bool {
        self.hash().as_slice().ct_eq(kept).into()
    }

    /// All of it, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_…", self.prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_known_by_its_prefix_and_never_printed() {
        let key = KeyText::random();
        let read = KeyText::parse(key.expose()).unwrap();
        assert!(read.is(&key.hash()));
        assert!(key.prefix().starts_with("urumi_"), "{key:?}");
        assert_eq!(key.prefix().len(), 16);
        let secret = key.expose().strip_prefix(key.prefix()).unwrap();
        assert!(!format!("{key:?}").contains(secret));
        assert_ne!(KeyText::random().expose(), key.expose());
    }

    #[test]
    fn another_key_and_another_form_are_refused() {
        let (key, other) = (KeyText::random(), KeyText::random());
        assert!(!key.is(&other.hash()));
        assert!(!key.is(&[]));
        let text = key.expose();
        for wrong in [
            "",
            "urumi",
            "urumi_",
            "urumi__",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}a"),
            &text.replacen("urumi", "other", 1),
            &text.to_uppercase(),
        ] {
            assert!(KeyText::parse(wrong).is_none(), "{wrong}");
        }
    }
}
