//! What a route may touch, and on whose behalf.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use shared::ids::{RequestId, TenantId};
use uuid::Uuid;

use crate::db::Database;
use crate::http::request_id;
use crate::pulse::Pulse;
use crate::settings::Settings;
use crate::stores::Caller;

/// Shared by all routes.
#[derive(Debug, Clone)]
pub struct AppState {
    pub db: Database,
    pub settings: Settings,
    pub pulse: Pulse,
}

/// Local mode knows one caller. Production will look at a key or token here, and
/// nowhere else.
impl FromRequest for Caller {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request_id = request_id::current().unwrap_or_else(|| RequestId(Uuid::now_v7()));
        ready(Ok(Self {
            tenant: TenantId::LOCAL,
            actor: "local".to_owned(),
            request_id,
        }))
    }
}
