//! A server of which each test says what it answers. One request a connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What becomes of a request.
pub enum Answer {
    /// Status, media type, body.
    Said(&'static str, &'static str, String),
    /// The connection ends in the midst of a success.
    Lost,
    /// Nothing comes, and the connection stays.
    Silence,
}

/// That, as the API says it.
pub fn json(status: &'static str, body: &Value) -> Answer {
    Answer::Said(status, "application/json", body.to_string())
}

pub fn empty(status: &'static str) -> Answer {
    Answer::Said(status, "text/plain", String::new())
}

/// What any site says to anything.
pub fn page() -> Answer {
    let page = "<!doctype html><title>Welcome</title>".to_owned();
    Answer::Said("200 OK", "text/html", page)
}

/// It runs until the tests end.
pub struct Server {
    pub address: String,
    heads: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Server {
    /// It answers by that, which is given `GET /stores` for a request.
    pub fn new(mut answer: impl FnMut(&str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let asked = Arc::clone(&heads);
        thread::spawn(move || {
            let mut silent = Vec::new();
            for socket in listener.incoming() {
                let mut socket = socket.unwrap();
                let head = head(&socket);
                let request = head.split(" HTTP/").next().unwrap_or_default();
                let answer = answer(request);
                asked.0.lock().unwrap().push(head);
                asked.1.notify_all();
                match answer {
                    Answer::Silence => silent.push(socket),
                    answer => say(&mut socket, &answer),
                }
            }
        });
        Self { address, heads }
    }

    /// One answer after the other, then silence.
    pub fn saying(answers: Vec<Answer>) -> Self {
        let mut answers = answers.into_iter();
        Self::new(move |_| answers.next().unwrap_or(Answer::Silence))
    }

    /// The heads of the requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.0.lock().unwrap().clone()
    }

    /// Stay until so many requests have come.
    pub fn until_asked(&self, count: usize, patience: Duration) {
        let (heads, news) = &*self.heads;
        let few = |heads: &mut Vec<String>| heads.len() < count;
        let waited = news.wait_timeout_while(heads.lock().unwrap(), patience, few);
        let came = waited.unwrap().0;
        assert!(came.len() >= count, "only these came: {came:?}");
    }

    /// The requests so far, as `GET /stores`.
    pub fn asked(&self) -> Vec<String> {
        let request = |head: &String| head.split(" HTTP/").next().unwrap().to_owned();
        self.heads().iter().map(request).collect()
    }
}

/// The head of a request; its body is read too, lest the connection be reset.
fn head(socket: &TcpStream) -> String {
    let mut reader = BufReader::new(socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        // Whoever only looks whether somebody listens sends nothing.
        if reader.read_line(&mut head).unwrap() == 0 {
            return head;
        }
    }
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    reader.read_exact(&mut vec![0; length]).unwrap();
    head
}

fn say(socket: &mut TcpStream, answer: &Answer) {
    let (status, media_type, length, body) = match answer {
        Answer::Said(status, media_type, body) => (*status, *media_type, body.len(), body.as_str()),
        Answer::Lost => ("200 OK", "application/json", 1000, "{"),
        Answer::Silence => return,
    };
    // A 204 has no length.
    let length = match status.starts_with("204") {
        true => String::new(),
        false => format!("Content-Length: {length}\r\n"),
    };
    let said = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\n{length}Connection: close\r\n\r\n{body}"
    );
    // Whoever is gone reads nothing.
    let _ = socket.write_all(said.as_bytes());
}
