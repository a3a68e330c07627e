//! Identities as types of their own: a bare string or UUID never crosses a
//! module. Nothing here knows what the things are.

use std::fmt;
use std::str::FromStr;

use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Kubernetes' own alphabet for generated names: no vowels (no words by
/// accident), no characters that look alike.
/// Source: `k8s.io/apimachinery/pkg/util/rand`, without the digits 0, 1 and 3.
pub const ID_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Characters after `store-`.
pub const ID_SUFFIX_LEN: usize = 6;

const PREFIX: &str = "store-";

/// Public identity of a store, `store-` and six characters.
///
/// It is at once the namespace, the helm release and the first host label, so
/// it is valid as each of them, and it is never used twice.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^store-[bcdfghjklmnpqrstvwxz2456789]{6}$", example = "store-k7q2mx")]
pub struct StoreId(String);

/// A text that is no store id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a store id: expected `store-` and six of `bcdfghjklmnpqrstvwxz2456789`")]
pub struct InvalidStoreId(pub String);

impl StoreId {
    /// A fresh random id; uniqueness is the database's word.
    #[must_use]
    pub fn random() -> Self {
        let mut rng = rand::rng();
        let suffix = (0..ID_SUFFIX_LEN)
            .map(|_| char::from(ID_ALPHABET[rng.random_range(0..ID_ALPHABET.len())]));
        Self(PREFIX.chars().chain(suffix).collect())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StoreId {
    type Err = InvalidStoreId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let suffix = text.strip_prefix(PREFIX).unwrap_or_default();
        let valid =
            suffix.len() == ID_SUFFIX_LEN && suffix.bytes().all(|byte| ID_ALPHABET.contains(&byte));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidStoreId(text.chars().take(64).collect()))
        }
    }
}

impl<'de> Deserialize<'de> for StoreId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id! {
    /// Who owns stores. Every query of the api is scoped by one.
    TenantId
}
uuid_id! {
    /// One intent about one store (create, update, delete, …).
    OperationId
}
uuid_id! {
    /// One fact reported by a worker; derived, so that saying it again is the
    /// same event (see [`crate::contract::event::EventBody::id`]).
    EventId
}
uuid_id! {
    /// One message on the wire.
    MessageId
}
uuid_id! {
    /// One HTTP request; given back as `X-Request-Id` and kept in the audit.
    RequestId
}

impl TenantId {
    /// The only tenant of local mode.
    pub const LOCAL: Self = Self(Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001));
}

impl OperationId {
    /// A fresh id; UUIDv7, so newer operations sort after older ones.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for OperationId {
    fn default() -> Self {
        Self::new()
    }
}

impl MessageId {
    /// A fresh id (UUIDv7).
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for MessageId {
    fn default() -> Self {
        Self::new()
    }
}

/// A number per store that grows with each accepted intent; the fencing token
/// of everything done for it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = i64)]
pub struct Generation(pub i64);

impl Generation {
    /// The generation of a store's first intent.
    pub const FIRST: Self = Self(1);

    /// The generation of the next intent.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_id_is_a_valid_id() {
        for _ in 0..1000 {
            let id = StoreId::random();
            assert_eq!(id.as_str().parse::<StoreId>(), Ok(id));
        }
    }

    #[test]
    fn texts_that_are_no_ids_are_refused() {
        for text in [
            "",
            "store-",
            "store-abc",
            "store-bcdfgh2",
            "store-aeioux",
            "store-BCDFGH",
            "stor-bcdfgh",
            " store-bcdfgh",
            "store-bcdfg1",
            "../store-bcdfgh",
        ] {
            assert!(text.parse::<StoreId>().is_err(), "{text}");
        }
    }
}
