//! The issuer's public keys, as it publishes them. They are fetched when they are
//! first needed, when one is named that is not known, and now and then; never more
//! often than the settings allow, so that made-up names cannot make us ask.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{JwkSet, KeyAlgorithm, PublicKeyUse};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::telemetry::chain;
use tokio::sync::Mutex;

use crate::settings::OidcSettings;

/// How long one question may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Keys that could not be confirmed for so long open nothing any more: the issuer may
/// have withdrawn them.
const MAX_SILENCE: Duration = Duration::from_secs(3600);
/// Bytes of an answer at most.
const MAX_BYTES: usize = 1024 * 1024;

/// The issuer does not say its keys.
#[derive(Debug, thiserror::Error)]
#[error("the issuer's keys cannot be had at the moment")]
pub struct Away;

/// Why they were not fetched.
#[derive(Debug, thiserror::Error)]
enum NotFetched {
    #[error("the issuer does not answer")]
    Http(#[from] reqwest::Error),
    #[error("the issuer's answer has more than {MAX_BYTES} bytes")]
    TooLong,
    #[error("the issuer's answer is not what it should be")]
    Json(#[from] serde_json::Error),
    #[error("the discovery document names another issuer: {0}")]
    OtherIssuer(String),
    #[error("the issuer's keys are not at an https address: {0}")]
    NotSafe(String),
}

/// A key, and what it is for.
#[derive(Clone)]
pub struct Known {
    pub key: DecodingKey,
    /// The one algorithm that it may be used with, if it says so.
    pub algorithm: Option<KeyAlgorithm>,
}

/// The keys, shared by all threads.
#[derive(Clone)]
pub struct Jwks {
    issuer: String,
    pause: Duration,
    max_age: Duration,
    keys: Arc<RwLock<Keys>>,
    /// When it was asked last. Held by whoever asks.
    asking: Arc<Mutex<Option<Instant>>>,
}

#[derive(Default)]
struct Keys {
    by_name: HashMap<String, Known>,
    fetched: Option<Instant>,
}

impl std::fmt::Debug for Jwks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwks")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Jwks {
    /// Opens nothing yet.
    pub fn of(settings: &OidcSettings) -> Self {
        Self {
            issuer: settings.oidc_issuer.clone(),
            pause: Duration::from_secs(settings.oidc_refresh_seconds),
            // Old keys are asked for again: one may have been withdrawn.
            max_age: Duration::from_secs(settings.oidc_max_age_seconds),
            keys: Arc::default(),
            asking: Arc::default(),
        }
    }

    /// The key of that name; `None` if the issuer has none such.
    ///
    /// # Errors
    /// [`Away`], if no key was ever fetched, or none for too long.
    pub async fn key(&self, kid: &str) -> Result<Option<Known>, Away> {
        let (known, is_old) = self.look(kid);
        match known {
            Some(key) if !is_old => return Ok(Some(key)),
            // Who has a key that is known does not wait for another's question.
            Some(key) => {
                let Ok(asked) = self.asking.try_lock() else {
                    return Ok(Some(key));
                };
                self.ask(asked).await;
            }
            None => {
                let asked = self.asking.lock().await;
                // Whoever asked meanwhile may have brought it.
                if let (Some(key), _) = self.look(kid) {
                    return Ok(Some(key));
                }
                self.ask(asked).await;
            }
        }
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        if keys.fetched.is_none_or(|at| at.elapsed() > MAX_SILENCE) {
            return Err(Away);
        }
        Ok(keys.by_name.get(kid).cloned())
    }

    fn look(&self, kid: &str) -> (Option<Known>, bool) {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let is_old = keys.fetched.is_none_or(|at| at.elapsed() > self.max_age);
        (keys.by_name.get(kid).cloned(), is_old)
    }

    /// Ask the issuer, unless that was done a moment ago. What is known stays if it
    /// does not answer.
    async fn ask(&self, mut asked: tokio::sync::MutexGuard<'_, Option<Instant>>) {
        if asked.is_some_and(|at| at.elapsed() < self.pause) {
            return;
        }
        let fetched = self.fetch().await;
        *asked = Some(Instant::now());
        match fetched {
            Ok(by_name) => {
                let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
                keys.by_name = by_name;
                keys.fetched = Some(Instant::now());
            }
            Err(error) => tracing::warn!(
                issuer = self.issuer,
                error = chain(&error),
                "the issuer's keys were not fetched; those that are known stay"
            ),
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Known>, NotFetched> {
        let http = Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let issuer = self.issuer.trim_end_matches('/');
        let about = format!("{issuer}/.well-known/openid-configuration");
        let answer = http.get(about).send().await?.error_for_status()?;
        let discovery: Discovery = read(answer).await?;
        // OpenID Connect Discovery 1.0, section 4.3.
        if discovery.issuer != self.issuer {
            return Err(NotFetched::OtherIssuer(discovery.issuer));
        }
        if self.issuer.starts_with("https:") && !discovery.jwks_uri.starts_with("https:") {
            return Err(NotFetched::NotSafe(discovery.jwks_uri));
        }
        let answer = http
            .get(discovery.jwks_uri)
            .send()
            .await?
            .error_for_status()?;
        let set: JwkSet = read(answer).await?;
        let named = set.keys.iter().filter_map(|jwk| {
            let common = &jwk.common;
            let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
            let kid = common.key_id.clone().filter(|_| signs)?;
            let known = Known {
                key: DecodingKey::from_jwk(jwk).ok()?,
                algorithm: common.key_algorithm,
            };
            Some((kid, known))
        });
        Ok(named.collect())
    }
}

async fn read<T: DeserializeOwned>(mut answer: Response) -> Result<T, NotFetched> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            return Err(NotFetched::TooLong);
        }
    }
    Ok(serde_json::from_slice(&bytes)?)
}
