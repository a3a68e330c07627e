//! What `urumi-api healthcheck` asks, for a container's health check. Not a probe
//! itself (routes/probes.rs).

use std::net::SocketAddr;
use std::time::Duration;

/// Ask the server of this machine whether it is ready.
///
/// # Errors
/// If it does not answer, or with anything but 200.
pub fn ask(listen: SocketAddr) -> std::io::Result<()> {
    use std::io::{Error, Read as _, Write as _};

    let address = SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), listen.port());
    let mut stream = std::net::TcpStream::connect_timeout(&address, Duration::from_secs(3))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if status == "200" {
        return Ok(());
    }
    Err(Error::other(format!(
        "the server is not ready: {}",
        answer.lines().last().unwrap_or_default()
    )))
}
