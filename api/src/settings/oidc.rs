//! Whose bearer tokens are believed besides API keys: one issuer after OpenID
//! Connect, or none.

use serde::Deserialize;
use shared::settings::Environment;
use url::Url;

/// An issuer of tokens, and what they have to say.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct OidcSettings {
    /// The issuer's address, letter by letter as tokens name it in `iss`; empty for
    /// none.
    pub oidc_issuer: String,
    /// What tokens have to name in `aud`: this platform, as the issuer knows it.
    pub oidc_audience: String,
    /// The claim with the role: viewer, operator or admin; the highest of several.
    pub oidc_role_claim: String,
    /// The claim with the tenant's name.
    pub oidc_tenant_claim: String,
    /// Seconds between two questions for the issuer's keys at least, whatever keys
    /// tokens name.
    pub oidc_refresh_seconds: u64,
    /// Seconds after which its keys are asked for again.
    pub oidc_max_age_seconds: u64,
}

/// An issuer that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// No address.
    #[error("URUMI_OIDC_ISSUER is no address of an issuer: `{0}`")]
    Issuer(String),
    /// Keys that anybody on the way could replace.
    #[error("URUMI_OIDC_ISSUER must begin with https:// with ENVIRONMENT=prod, but is `{0}`")]
    NotSafe(String),
    /// Tokens for others would be believed.
    #[error(
        "URUMI_OIDC_ISSUER needs URUMI_OIDC_AUDIENCE: what tokens for this platform name in `aud`"
    )]
    NoAudience,
}

impl OidcSettings {
    /// Whether the issuer can be used; none always can.
    ///
    /// # Errors
    /// [`Unusable`], with what to do.
    pub fn check(&self, environment: Environment) -> Result<(), Unusable> {
        if self.oidc_issuer.is_empty() {
            return Ok(());
        }
        let issuer = self.oidc_issuer.clone();
        let Ok(address) = Url::parse(&issuer) else {
            return Err(Unusable::Issuer(issuer));
        };
        // OpenID Connect Discovery 1.0, section 3: neither query nor fragment.
        let plain = address.query().is_none() && address.fragment().is_none();
        match (address.scheme(), environment) {
            _ if !plain => Err(Unusable::Issuer(issuer)),
            ("http", Environment::Prod) => Err(Unusable::NotSafe(issuer)),
            ("http" | "https", _) if self.oidc_audience.is_empty() => Err(Unusable::NoAudience),
            ("http" | "https", _) => Ok(()),
            _ => Err(Unusable::Issuer(issuer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_address_with_an_audience_and_in_production_a_safe_one() {
        use Environment::{Local, Prod};
        for (issuer, audience, environment, expected) in [
            ("", "", Prod, Ok(())),
            ("https://login.example/realm", "urumi", Prod, Ok(())),
            ("http://127.0.0.1:9000", "urumi", Local, Ok(())),
            (
                "http://login.example",
                "urumi",
                Prod,
                Err(Unusable::NotSafe("http://login.example".to_owned())),
            ),
            (
                "https://login.example",
                "",
                Local,
                Err(Unusable::NoAudience),
            ),
            (
                "login.example",
                "urumi",
                Local,
                Err(Unusable::Issuer("login.example".to_owned())),
            ),
            (
                "https://login.example?a=b",
                "urumi",
                Prod,
                Err(Unusable::Issuer("https://login.example?a=b".to_owned())),
            ),
        ] {
            let settings = OidcSettings {
                oidc_issuer: issuer.to_owned(),
                oidc_audience: audience.to_owned(),
                ..OidcSettings::default()
            };
            assert_eq!(settings.check(environment), expected, "{issuer} {audience}");
        }
    }
}
