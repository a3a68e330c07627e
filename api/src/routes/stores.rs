//! `/stores`.

pub mod create;
pub mod delete;
pub mod list;
pub mod new_store;
pub mod show;

use shared::ids::StoreId;

use crate::error::ApiError;

/// The store that a path names.
fn store_id(text: &str) -> Result<StoreId, ApiError> {
    Ok(text.parse::<StoreId>()?)
}
