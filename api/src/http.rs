//! What every request passes, from outside in: request id, local guard, security
//! headers, then the routes. And the parts that routes are made of.

pub mod authenticate;
pub mod connection;
pub mod cookie;
pub mod cursor;
pub mod dashboard;
pub mod etag;
pub mod granted;
pub mod json;
pub mod kept;
pub mod local_guard;
pub mod needs;
pub mod peer;
pub mod query;
pub mod rates;
pub mod request_id;
pub mod root_span;
pub mod sse;
pub mod state;
pub mod unique;
