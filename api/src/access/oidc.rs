//! Bearer tokens of an OpenID Connect issuer: who it says asks, for which tenant
//! and in which role. Only tokens that are signed with the issuer's own public
//! keys, for this audience, and in time. No SQL here.

pub mod jwks;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::access::Role;
use crate::access::oidc::jwks::{Away, Jwks};
use crate::settings::OidcSettings;

/// Seconds that two clocks may differ.
const LEEWAY: u64 = 30;

/// What a token may be signed with: public keys alone. A shared secret could be
/// one of our own public texts, and `none` is no signature.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Whom a token is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// As the audit names them.
    pub actor: String,
    pub role: Role,
    /// The tenant's name or id, as the issuer has it.
    pub tenant: String,
}

/// A token that is not believed.
#[derive(Debug, thiserror::Error)]
pub enum NotBelieved {
    /// It is none, or not for us, or not now.
    #[error("the token is not accepted: {0}")]
    Token(String),
    /// The issuer's keys cannot be had.
    #[error(transparent)]
    Away(#[from] Away),
}

/// Checks tokens of one issuer.
#[derive(Debug, Clone)]
pub struct Oidc {
    issuer: String,
    audience: String,
    role_claim: String,
    tenant_claim: String,
    jwks: Jwks,
}

impl Oidc {
    /// As the settings say; `None` if they name no issuer.
    #[must_use]
    pub fn of(settings: &OidcSettings) -> Option<Self> {
        if settings.oidc_issuer.is_empty() {
            return None;
        }
        Some(Self {
            issuer: settings.oidc_issuer.clone(),
            audience: settings.oidc_audience.clone(),
            role_claim: settings.oidc_role_claim.clone(),
            tenant_claim: settings.oidc_tenant_claim.clone(),
            jwks: Jwks::of(settings),
        })
    }

    /// Whom the token is about.
    ///
    /// # Errors
    /// [`NotBelieved`].
    pub async fn identify(&self, token: &str) -> Result<Identity, NotBelieved> {
        let refused = |why: String| NotBelieved::Token(why);
        let header = decode_header(token).map_err(|error| refused(error.to_string()))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refused(format!("{:?} is no signature here", header.alg)));
        }
        // RFC 7515, section 4.1.11: what has to be understood is not.
        if header.crit.is_some() {
            return Err(refused(
                "its header asks for what is not done here".to_owned(),
            ));
        }
        let kid = header.kid.unwrap_or_default();
        let known = self.jwks.key(&kid).await?;
        let known =
            known.ok_or_else(|| refused(format!("the issuer has no key `{}`", short(&kid))))?;
        if known
            .algorithm
            .is_some_and(|named| named.to_string() != format!("{:?}", header.alg))
        {
            return Err(refused("its key is for another algorithm".to_owned()));
        }
        let claims = decode::<Map<String, Value>>(token, &known.key, &self.rules(header.alg))
            .map_err(|error| refused(error.to_string()))?
            .claims;
        self.identity(&claims).map_err(refused)
    }

    fn rules(&self, algorithm: Algorithm) -> Validation {
        let mut rules = Validation::new(algorithm);
        rules.leeway = LEEWAY;
        rules.validate_nbf = true;
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules
    }

    /// What the claims say, once they are believed. Pure.
    fn identity(&self, claims: &Map<String, Value>) -> Result<Identity, String> {
        let subject = claims
            .get("sub")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if subject.is_empty() {
            return Err("it names nobody in `sub`".to_owned());
        }
        let roles = texts(claims.get(&self.role_claim));
        let role = roles.iter().filter_map(|text| Role::parse(text)).max();
        let role = role.ok_or_else(|| {
            format!(
                "it names no role of viewer, operator, admin in `{}`",
                self.role_claim
            )
        })?;
        let tenant = match texts(claims.get(&self.tenant_claim)).as_slice() {
            [one] => (*one).to_owned(),
            _ => return Err(format!("it names no tenant in `{}`", self.tenant_claim)),
        };
        Ok(Identity {
            actor: format!("oidc:{}", self.audited(subject)),
            role,
            tenant,
        })
    }

    /// The audit holds no addresses of people.
    fn audited(&self, subject: &str) -> String {
        if !subject.contains('@') {
            return short(subject);
        }
        let mut digest = Sha256::new();
        digest.update(self.issuer.as_bytes());
        digest.update([0]);
        digest.update(subject.as_bytes());
        let hash = digest.finalize();
        hash[..12]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

fn short(text: &str) -> String {
    let visible = text.chars().filter(|letter| !letter.is_control());
    visible.take(80).collect()
}

/// A claim that is one text or several.
fn texts(claim: Option<&Value>) -> Vec<&str> {
    match claim {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_say_who_in_which_role_and_for_whom() {
        let oidc = Oidc::of(&OidcSettings {
            oidc_issuer: "https://login.example".to_owned(),
            oidc_audience: "urumi".to_owned(),
            oidc_role_claim: "role".to_owned(),
            oidc_tenant_claim: "tenant".to_owned(),
            ..OidcSettings::default()
        })
        .unwrap();
        let read = |claims: Value| oidc.identity(claims.as_object().unwrap());
        let you = read(json!({"sub": "u1", "role": ["viewer", "admin", "x"], "tenant": "acme"}));
        let you = you.unwrap();
        assert_eq!((you.actor.as_str(), you.role), ("oidc:u1", Role::Admin));
        let named = read(json!({"sub": "a@b.example", "role": "viewer", "tenant": "acme"}));
        assert!(!named.unwrap().actor.contains('@'));
        for (claims, missing) in [
            (json!({"role": "viewer", "tenant": "acme"}), "sub"),
            (json!({"sub": "u1", "tenant": "acme"}), "role"),
            (
                json!({"sub": "u1", "role": "root", "tenant": "acme"}),
                "role",
            ),
            (json!({"sub": "u1", "role": "viewer"}), "tenant"),
            (
                json!({"sub": "u1", "role": "viewer", "tenant": ["a", "b"]}),
                "tenant",
            ),
        ] {
            assert!(read(claims).unwrap_err().contains(missing), "{missing}");
        }
    }
}
