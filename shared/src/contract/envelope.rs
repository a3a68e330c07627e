//! What every message carries around its body.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::ids::{Generation, MessageId, OperationId, StoreId, TenantId};

/// A message: who and what it is about, and a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// Identity of the message; for an event it is derived from its content.
    pub id: MessageId,
    /// The store.
    pub store_id: StoreId,
    /// Its owner.
    pub tenant_id: TenantId,
    /// The intent.
    pub operation_id: OperationId,
    /// The intent's place in the store's history.
    pub generation: Generation,
    /// Which try of the operation, from 1.
    pub attempt: u32,
    /// When it was said (sender's clock).
    #[serde(with = "time::serde::rfc3339")]
    pub sent_at: OffsetDateTime,
    /// What is said.
    pub body: T,
}

/// A message that cannot be read; it is parked with this reason.
#[derive(Debug, thiserror::Error)]
#[error("the message is not one this build understands")]
pub struct Undecodable(#[source] pub(crate) serde_json::Error);

impl<T> Envelope<T> {
    /// The same envelope around another body.
    pub fn reply<U>(&self, id: MessageId, sent_at: OffsetDateTime, body: U) -> Envelope<U> {
        Envelope {
            id,
            store_id: self.store_id.clone(),
            tenant_id: self.tenant_id,
            operation_id: self.operation_id,
            generation: self.generation,
            attempt: self.attempt,
            sent_at,
            body,
        }
    }
}

impl<T: Serialize> Envelope<T> {
    /// The message as JSON bytes.
    ///
    /// # Errors
    /// Only if a body holds something JSON cannot say; none of ours does.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

impl<T: DeserializeOwned> Envelope<T> {
    /// The message in these bytes.
    ///
    /// # Errors
    /// [`Undecodable`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Undecodable> {
        serde_json::from_slice(bytes).map_err(Undecodable)
    }
}
