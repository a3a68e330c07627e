//! A key that signs, exports of the audit or login links: Ed25519 (RFC 8032). Only
//! signing; what is signed is decided where it is written.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// An Ed25519 public key's fixed head as X.509 SubjectPublicKeyInfo (RFC 8410).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The setting holds no seed.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not 32 bytes in base64: make one with `openssl rand -base64 32`")]
pub struct NoSeed(&'static str);

/// Signs.
#[derive(Debug, Clone)]
pub struct Signer {
    pair: Arc<Ed25519KeyPair>,
    /// Whether the next start has the same key.
    pub lasting: bool,
}

impl Signer {
    /// From the setting; without one, a key for as long as this process lives.
    ///
    /// # Errors
    /// [`NoSeed`].
    pub fn of(seed: &SecretString) -> Result<Self, NoSeed> {
        Self::named(seed, "URUMI_AUDIT_SIGNING_KEY")
    }

    /// The key of login links; without the setting there is none.
    ///
    /// # Errors
    /// [`NoSeed`].
    pub fn of_logins(seed: &SecretString) -> Result<Option<Self>, NoSeed> {
        if seed.expose_secret().trim().is_empty() {
            return Ok(None);
        }
        Self::named(seed, "URUMI_LOGIN_SIGNING_KEY").map(Some)
    }

    fn named(seed: &SecretString, setting: &'static str) -> Result<Self, NoSeed> {
        let none = || NoSeed(setting);
        let seed = seed.expose_secret().trim();
        let lasting = !seed.is_empty();
        let pair = if lasting {
            let seed = STANDARD.decode(seed).map_err(|_| none())?;
            Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| none())?
        } else {
            let document =
                Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| none())?;
            Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_| none())?
        };
        let pair = Arc::new(pair);
        Ok(Self { pair, lasting })
    }

    /// The 64 bytes of the signature.
    pub fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    /// The signature, in base64.
    pub fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(self.pair.sign(message))
    }

    /// The 32 bytes of the public key, in base64.
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.pair.public_key())
    }

    /// The same as other programs read it.
    pub fn public_key_pem(&self) -> String {
        let der = [&SPKI[..], self.pair.public_key().as_ref()].concat();
        let text = STANDARD.encode(der);
        format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    }

    /// What the key is known by: the first 8 bytes of its SHA-256, in hex.
    pub fn key_id(&self) -> String {
        let hash = Sha256::digest(self.pair.public_key());
        hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_seed_gives_the_same_key_and_its_signatures_hold() {
        let seed: SecretString = STANDARD.encode([7; 32]).into();
        let (one, two) = (Signer::of(&seed).unwrap(), Signer::of(&seed).unwrap());
        assert_eq!(one.public_key(), two.public_key());
        assert_eq!(one.key_id().len(), 16);
        let signature = STANDARD.decode(one.sign(b"what was done")).unwrap();
        let key = STANDARD.decode(two.public_key()).unwrap();
        let key = UnparsedPublicKey::new(&ED25519, key);
        assert!(key.verify(b"what was done", &signature).is_ok());
        assert!(key.verify(b"what was not", &signature).is_err());
    }

    #[test]
    fn without_a_seed_each_start_has_another_key_and_a_wrong_one_is_refused() {
        let none = SecretString::from("");
        let (one, two) = (Signer::of(&none).unwrap(), Signer::of(&none).unwrap());
        assert!(!one.lasting);
        assert_ne!(one.public_key(), two.public_key());
        for wrong in ["x", "AAAA"] {
            let wrong = SecretString::from(wrong);
            for refused in [Signer::of(&wrong).err(), Signer::of_logins(&wrong).err()] {
                assert!(refused.is_some(), "{refused:?}");
            }
        }
        assert!(Signer::of_logins(&none).unwrap().is_none());
    }
}
