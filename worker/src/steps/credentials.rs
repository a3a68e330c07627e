//! The Secret with a store's passwords and keys.
//!
//! *Effect:* it is there, with random values from the operating system, and
//! immutable. *Repeating it:* an existing one (ours, or one that somebody
//! provided) is left as it is. The values leave this function only for the
//! cluster; they are never logged.

use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use rand::TryRng as _;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret as _, SecretString};

use crate::cluster::ClusterError;
use crate::cluster::labels::{INSTANCE, MANAGED_BY, MANAGER, PART_OF, PART_OF_LABEL};
use crate::converge::Job;
use crate::steps::StepError;
use crate::values::CREDENTIALS_SECRET;

/// WordPress's first user.
const ADMIN: &str = "admin";
const PASSWORDS: [&str; 3] = [
    "mysql-root-password",
    "mysql-password",
    "wordpress-admin-password",
];
const KEYS: [&str; 8] = [
    "wordpress-auth-key",
    "wordpress-secure-auth-key",
    "wordpress-logged-in-key",
    "wordpress-nonce-key",
    "wordpress-auth-salt",
    "wordpress-secure-auth-salt",
    "wordpress-logged-in-salt",
    "wordpress-nonce-salt",
];
/// 32 characters of 62 are 190 bits; 64 are WordPress's own length for keys.
const PASSWORD_LENGTH: usize = 32;
const KEY_LENGTH: usize = 64;
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

pub(super) async fn run(job: &Job<'_>) -> Result<bool, StepError> {
    let store = job.command.store_id.as_str();
    let secret = fresh(store).map_err(|error| {
        StepError::LookAgain(format!(
            "the operating system gives no random bytes: {error}"
        ))
    })?;
    let api = job.context.cluster.of::<Secret>(store);
    match api.create(&PostParams::default(), &secret).await {
        Ok(_) => Ok(true),
        Err(error) => match ClusterError::from(error) {
            // Also while the namespace is being removed; the next look tells.
            ClusterError::Conflict(_) => Ok(false),
            other => Err(other.into()),
        },
    }
}

fn fresh(store: &str) -> Result<Secret, rand::rngs::SysError> {
    let mut secret = Secret {
        immutable: Some(true),
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    };
    secret.metadata.name = Some(CREDENTIALS_SECRET.to_owned());
    let labels = [
        (MANAGED_BY, MANAGER),
        (PART_OF_LABEL, PART_OF),
        (INSTANCE, store),
    ];
    secret.metadata.labels = Some(
        labels
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    );
    let values = secret.string_data.get_or_insert_default();
    values.insert("wordpress-admin-user".to_owned(), ADMIN.to_owned());
    let lengths = PASSWORDS.map(|key| (key, PASSWORD_LENGTH));
    let lengths = lengths.into_iter().chain(KEYS.map(|key| (key, KEY_LENGTH)));
    for (key, length) in lengths {
        values.insert(key.to_owned(), random(length)?.expose_secret().to_owned());
    }
    Ok(secret)
}

/// Random letters and digits, each as likely as any other: bytes beyond the last
/// full alphabet are thrown away.
fn random(length: usize) -> Result<SecretString, rand::rngs::SysError> {
    let usable = 256 - 256 % LETTERS.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bytes = [0_u8; 64];
        SysRng.try_fill_bytes(&mut bytes)?;
        let fair = bytes.iter().map(|byte| usize::from(*byte));
        let fair = fair.filter(|byte| *byte < usable);
        let letters = fair.map(|byte| char::from(LETTERS[byte % LETTERS.len()]));
        text.extend(letters.take(length - text.len()));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_of_the_contract_is_there_and_no_two_values_are_equal() {
        let secret = fresh("store-k7q2mx").unwrap();

        let values = secret.string_data.unwrap();
        assert_eq!(values.len(), PASSWORDS.len() + KEYS.len() + 1);
        assert_eq!(values["mysql-password"].len(), PASSWORD_LENGTH);
        assert_eq!(values["wordpress-nonce-salt"].len(), KEY_LENGTH);
        let distinct: BTreeSet<&String> = values.values().collect();
        assert_eq!(distinct.len(), values.len());
        assert_eq!(secret.immutable, Some(true));
    }

    #[test]
    fn two_stores_share_nothing() {
        let values = || fresh("store-k7q2mx").unwrap().string_data.unwrap();
        let (one, other) = (values(), values());
        for key in PASSWORDS.iter().chain(&KEYS) {
            assert_ne!(one[*key], other[*key], "{key}");
        }
    }
}
