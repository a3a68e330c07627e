//! A webhook's secret: how it is made, how it stands in the database, and what is
//! signed with it (Standard Webhooks, https://www.standardwebhooks.com). It is shown
//! once and never logged.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use uuid::Uuid;

const PREFIX: &str = "whsec_";
const PLAIN: u8 = 0;
const SEALED: u8 = 1;

/// The setting holds no key.
#[derive(Debug, thiserror::Error)]
#[error(
    "URUMI_WEBHOOK_SECRET_KEY is not 32 bytes in base64: make one with `openssl rand -base64 32`"
)]
pub struct NoKey;

/// What stands in the database cannot be opened: another key sealed it.
#[derive(Debug, thiserror::Error)]
#[error("the webhook's secret was sealed with another URUMI_WEBHOOK_SECRET_KEY; rotate it")]
pub struct Sealed;

/// A secret.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A fresh one.
    pub fn random() -> Self {
        Self(rand::random::<[u8; 32]>().to_vec())
    }

    /// As it is shown, once.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The signature of a message, as it stands in `webhook-signature`.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

/// Keeps secrets: sealed with AES-256-GCM where there is a key for it, bound to the
/// webhook they are of.
#[derive(Debug, Clone)]
pub struct Vault {
    key: Option<Arc<RandomizedNonceKey>>,
}

impl Vault {
    /// From the setting; without one, secrets stand in the database as they are.
    ///
    /// # Errors
    /// [`NoKey`].
    pub fn of(key: &SecretString) -> Result<Self, NoKey> {
        let key = key.expose_secret().trim();
        if key.is_empty() {
            return Ok(Self { key: None });
        }
        let key = STANDARD.decode(key).map_err(|_| NoKey)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| NoKey)?;
        let key = Some(Arc::new(key));
        Ok(Self { key })
    }

    /// Whether what is kept is sealed.
    pub fn seals(&self) -> bool {
        self.key.is_some()
    }

    /// As it is kept.
    pub fn seal(&self, webhook: Uuid, secret: &Secret) -> Vec<u8> {
        let sealed = self.key.as_ref().and_then(|key| {
            let mut text = secret.0.clone();
            let nonce = key
                .seal_in_place_append_tag(Aad::from(webhook.as_bytes()), &mut text)
                .ok()?;
            Some([&[SEALED][..], &nonce.as_ref()[..], &text].concat())
        });
        sealed.unwrap_or_else(|| [&[PLAIN][..], &secret.0].concat())
    }

    /// From what was kept.
    ///
    /// # Errors
    /// [`Sealed`].
    pub fn open(&self, webhook: Uuid, kept: &[u8]) -> Result<Secret, Sealed> {
        match kept.split_first() {
            Some((&PLAIN, secret)) => Ok(Secret(secret.to_vec())),
            Some((&SEALED, rest)) if rest.len() > NONCE_LEN => {
                let key = self.key.as_ref().ok_or(Sealed)?;
                let (nonce, text) = rest.split_at(NONCE_LEN);
                let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Sealed)?;
                let mut text = text.to_vec();
                let opened = key
                    .open_in_place(nonce, Aad::from(webhook.as_bytes()), &mut text)
                    .map_err(|_| Sealed)?;
                Ok(Secret(opened.to_vec()))
            }
            _ => Err(Sealed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_standard_has_it() {
        // From the reference libraries' own tests.
        let secret = Secret(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signed = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_sealed_secret_opens_with_its_key_for_its_webhook_alone() {
        let key = |byte| Vault::of(&STANDARD.encode([byte; 32]).into()).unwrap();
        let (mine, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let secret = Secret::random();
        let kept = key(1).seal(mine, &secret);
        assert!(!kept.windows(8).any(|part| secret.0.starts_with(part)));
        assert_eq!(key(1).open(mine, &kept).unwrap().0, secret.0);
        assert!(key(1).open(theirs, &kept).is_err());
        assert!(key(2).open(mine, &kept).is_err());
        let none = Vault::of(&"".into()).unwrap();
        assert!(none.open(mine, &kept).is_err());
        // What was kept before there was a key.
        let plain = none.seal(mine, &secret);
        assert_eq!(key(1).open(mine, &plain).unwrap().0, secret.0);
        assert!(Vault::of(&"AAAA".into()).is_err());
        assert!(secret.expose().starts_with("whsec_"));
    }
}
