//! A connection's own bounds, set when it is made.

use std::any::Any;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

/// Have the system end a connection whose other side takes nothing for so long,
/// though it is there: an answer without an end would wait for it for ever.
/// Source: tcp(7), `TCP_USER_TIMEOUT`.
pub fn bounded(stall_seconds: u64) -> impl Fn(&dyn Any, &mut Extensions) + Send + Clone + 'static {
    let stall_ms = u32::try_from(stall_seconds.saturating_mul(1000)).unwrap_or(u32::MAX);
    move |connection, _| {
        if let Some(stream) = connection.downcast_ref::<TcpStream>() {
            // Without it the connection is only held longer.
            let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, stall_ms);
        }
    }
}
