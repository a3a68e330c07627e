//! A client of the event stream.

use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

use super::PATIENCE;

/// One stream, read message by message.
#[derive(Debug)]
pub struct Watcher {
    response: Response,
    text: String,
    /// As a browser would send it back.
    pub last_id: i64,
    /// Parts without a message.
    pub signs: usize,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub id: i64,
    pub name: String,
    pub json: Value,
}

impl Watcher {
    /// Open a stream that must be granted.
    pub async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self::of(response)
    }

    pub fn of(response: Response) -> Self {
        Self {
            response,
            text: String::new(),
            last_id: -1,
            signs: 0,
        }
    }

    /// The next message; `None` at the stream's end.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((part, rest)) = self.text.split_once("\n\n") {
                let (part, rest) = (part.to_owned(), rest.to_owned());
                self.text = rest;
                match self.read(&part) {
                    Some(told) => return Some(told),
                    None => self.signs += 1,
                }
                continue;
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.expect("a sign of life").ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Until something came that is no message.
    pub async fn sign(&mut self) {
        let before = self.signs;
        while self.signs == before {
            assert!(self.text.matches("event:").count() == 0, "{}", self.text);
            let chunk = timeout(PATIENCE, self.response.chunk()).await;
            self.text
                .push_str(std::str::from_utf8(&chunk.unwrap().unwrap().unwrap()).unwrap());
            while let Some((part, rest)) = self.text.split_once("\n\n") {
                let (part, rest) = (part.to_owned(), rest.to_owned());
                self.text = rest;
                assert_eq!(self.read(&part), None);
                self.signs += 1;
            }
        }
    }

    /// All that comes until the end.
    pub async fn all(mut self) -> Vec<Told> {
        let mut all = Vec::new();
        while let Some(told) = self.next().await {
            all.push(told);
        }
        all
    }

    fn read(&mut self, part: &str) -> Option<Told> {
        let mut name = None;
        let mut json = None;
        for line in part.lines() {
            match line.split_once(": ") {
                Some(("id", id)) => self.last_id = id.parse().unwrap(),
                Some(("event", event)) => name = Some(event.to_owned()),
                Some(("data", data)) => json = Some(serde_json::from_str(data).unwrap()),
                Some(("retry" | "", _)) => {}
                other => panic!("{other:?} in {part}"),
            }
        }
        Some(Told {
            id: self.last_id,
            name: name?,
            json: json?,
        })
    }
}
