//! Answers that are read while they come: a stream of events, a long file. Hands
//! pieces on; what they say is read elsewhere.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Response};

use super::{Client, problem};
use crate::exit::Failed;

/// A stream says a word every 15 s; three of them missing is silence.
const SILENCE: Duration = Duration::from_secs(45);
/// Longer than the platform keeps any stream open.
const LONGEST: Duration = Duration::from_hours(1);

/// An answer that is still coming.
pub struct Stream(Response);

impl Stream {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// Why nothing more came.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, String> {
        match tokio::time::timeout(SILENCE, self.0.chunk()).await {
            Err(_) => Err(format!("nothing came for {} s", SILENCE.as_secs())),
            Ok(Err(error)) => Err(shared::telemetry::chain(&error)),
            Ok(Ok(piece)) => Ok(piece.map(|piece| piece.to_vec())),
        }
    }
}

impl Client {
    /// `GET path`, to be read as it comes in that media type, behind that event if one
    /// is named.
    ///
    /// # Errors
    /// The API's problem, or that it does not answer.
    pub async fn stream(
        &self,
        path: &str,
        query: &[(&str, &str)],
        media_type: &str,
        last_event: Option<&str>,
    ) -> Result<Stream, Failed> {
        let request = || {
            let request = self.request(Method::GET, path, query).timeout(LONGEST);
            match last_event {
                Some(id) => request.header("Last-Event-ID", id),
                None => request,
            }
        };
        let answer = self.answer(request, async |answer| Ok(answer)).await?;
        let status = answer.status();
        if !status.is_success() {
            let text = answer.text().await.unwrap_or_default();
            return Err(problem(status, &text));
        }
        let found = answer.headers().get(CONTENT_TYPE);
        let found = found
            .and_then(|found| found.to_str().ok())
            .unwrap_or_default();
        match found.starts_with(media_type) {
            true => Ok(Stream(answer)),
            false => Err(self.no_api(path, media_type)),
        }
    }
}
