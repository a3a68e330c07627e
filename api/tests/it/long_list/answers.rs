//! How long the api takes to answer: the program as people run it, asked over a
//! connection that stays open, from the request's first byte to the answer's last.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::harness::eventually;
use crate::harness::program::Program;

/// The program, and a connection to it.
pub struct Asked {
    program: Program,
    stream: Option<TcpStream>,
}

impl Asked {
    /// Once it is ready.
    pub async fn of(program: Program) -> Self {
        let url = program.url("/readyz");
        eventually("the program is ready", async || {
            let answer = reqwest::get(&url).await.ok()?;
            (answer.status() == 200).then_some(())
        })
        .await;
        Self {
            program,
            stream: None,
        }
    }

    /// Over another connection from now on: the program closes one that is idle.
    pub fn anew(&mut self) {
        self.stream = None;
    }

    /// Milliseconds until that page is there.
    pub fn ms(&mut self, path: &str) -> f64 {
        let stream = self.stream.get_or_insert_with(|| self.program.connect());
        stream.set_nodelay(true).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let began = Instant::now();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::with_capacity(256 * 1024);
        let mut chunk = [0; 64 * 1024];
        loop {
            let read = stream.read(&mut chunk).unwrap();
            assert!(read > 0, "{path}: the connection ended");
            answer.extend_from_slice(&chunk[..read]);
            let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            if answer.len() >= head + 4 + length(&answer[..head]) {
                break;
            }
        }
        let took = began.elapsed();
        assert!(
            answer.starts_with(b"HTTP/1.1 200 "),
            "{path}: {}",
            String::from_utf8_lossy(&answer)
        );
        took.as_secs_f64() * 1_000.0
    }
}

fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    length.expect("a length").trim().parse().unwrap()
}
