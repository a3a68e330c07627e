//! The wanted store as values of its chart. Pure. Serialised, never formatted:
//! a name may hold quotes, braces and colons. No secret is among them.

use serde::Serialize;
use shared::store_spec::StoreSpec;

/// Name of the Secret that holds a store's passwords and keys.
pub const CREDENTIALS_SECRET: &str = "store-credentials";

#[derive(Serialize)]
struct Values<'a> {
    store: Store<'a>,
    credentials: Credentials,
    /// Left out without a key, as `suspended` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<Login<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wordpress: Option<WordPress<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Store<'a> {
    id: &'a str,
    name: &'a str,
    host: &'a str,
    url: &'a str,
    plan: &'a str,
    admin_email: &'a str,
    /// Left out while it runs: else the digest of every release there is would change.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    suspended: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Login<'a> {
    public_key: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    existing_secret: &'static str,
}

/// What the spec says of the web pods; nothing when it leaves them to the files.
#[derive(Serialize)]
struct WordPress<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<Image<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replicas: Option<u32>,
}

/// A wanted tag takes the place of a digest in the files, which would win.
#[derive(Serialize)]
struct Image<'a> {
    tag: &'a str,
    digest: &'static str,
}

impl<'a> WordPress<'a> {
    fn of(spec: &'a StoreSpec) -> Option<Self> {
        let image = spec.image.as_deref().map(|tag| Image { tag, digest: "" });
        let replicas = spec.replicas;
        (image.is_some() || replicas.is_some()).then_some(Self { image, replicas })
    }
}

/// The values as JSON, which every YAML reader reads, in one fixed order.
///
/// # Errors
/// None in practice: there is nothing here that JSON cannot say.
pub fn render(spec: &StoreSpec) -> Result<String, serde_json::Error> {
    serde_json::to_string(&values(spec))
}

/// The same, without what is a store's own and decides about no kind and no field of
/// what is rendered.
///
/// # Errors
/// As [`render`].
pub fn shape(spec: &StoreSpec) -> Result<String, serde_json::Error> {
    let mut values = values(spec);
    let scheme = spec.url.split(':').next().unwrap_or_default();
    values.store = Store {
        id: "",
        name: "",
        host: "",
        url: scheme,
        admin_email: "",
        ..values.store
    };
    values.login = values.login.map(|_| Login { public_key: "" });
    serde_json::to_string(&values)
}

fn values(spec: &StoreSpec) -> Values<'_> {
    let StoreSpec {
        id,
        name,
        host,
        url,
        plan,
        admin_email,
        suspended,
        login_key,
        ..
    } = spec;
    Values {
        store: Store {
            id: id.as_str(),
            name: name.as_str(),
            host,
            url,
            plan: plan.as_str(),
            admin_email,
            suspended: *suspended,
        },
        credentials: Credentials {
            existing_secret: CREDENTIALS_SECRET,
        },
        login: login_key.as_deref().map(|public_key| Login { public_key }),
        wordpress: WordPress::of(spec),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str) -> StoreSpec {
        StoreSpec {
            name: name.parse().unwrap(),
            ..shared::testing::a_spec(&"store-k7q2mx".parse().unwrap())
        }
    }

    #[test]
    fn the_values_are_those_of_the_contract() {
        insta::assert_snapshot!(render(&spec("My Shop")).unwrap(), @r#"{"store":{"id":"store-k7q2mx","name":"My Shop","host":"store-k7q2mx.localhost","url":"http://store-k7q2mx.localhost","plan":"small","adminEmail":"owner@example.com"},"credentials":{"existingSecret":"store-credentials"}}"#);
    }

    #[test]
    fn image_and_replicas_are_there_when_they_are_wanted() {
        let rendered = |image: Option<&str>, replicas| {
            let spec = StoreSpec {
                image: image.map(str::to_owned),
                replicas,
                chart: Some("0.2.0".to_owned()),
                ..spec("My Shop")
            };
            let json: serde_json::Value = serde_json::from_str(&render(&spec).unwrap()).unwrap();
            json.get("wordpress").map(ToString::to_string)
        };

        insta::assert_snapshot!(rendered(Some("7.2"), Some(2)).unwrap(), @r#"{"image":{"digest":"","tag":"7.2"},"replicas":2}"#);
        insta::assert_snapshot!(rendered(None, Some(3)).unwrap(), @r#"{"replicas":3}"#);
        // Else the digest of every release there is would change.
        assert_eq!(rendered(None, None), None);
    }

    #[test]
    fn the_key_of_login_links_is_there_when_there_is_one() {
        let spec = StoreSpec {
            login_key: Some("key=".into()),
            ..spec("My Shop")
        };
        let json: serde_json::Value = serde_json::from_str(&render(&spec).unwrap()).unwrap();
        assert_eq!(json["login"].to_string(), r#"{"publicKey":"key="}"#);
    }

    #[test]
    fn two_stores_of_a_kind_have_one_shape() {
        let one = spec("My Shop");
        let other = StoreSpec {
            host: "other.localhost".to_owned(),
            url: "http://other.localhost".to_owned(),
            ..spec("Other")
        };
        let shape = |change: fn(&mut StoreSpec)| {
            let mut spec = other.clone();
            change(&mut spec);
            shape(&spec).unwrap()
        };
        let same = shape(|_| {});
        assert_eq!(super::shape(&one).unwrap(), same);
        assert_ne!(render(&one).unwrap(), render(&other).unwrap());
        let changes: [fn(&mut StoreSpec); 6] = [
            |spec| spec.plan = shared::plan::Plan::Medium,
            |spec| spec.url = "https://other.localhost".to_owned(),
            |spec| spec.suspended = true,
            |spec| spec.image = Some("7.2".to_owned()),
            |spec| spec.replicas = Some(2),
            |spec| spec.login_key = Some("key=".into()),
        ];
        for change in changes {
            assert_ne!(shape(change), same);
        }
    }

    #[test]
    fn a_hostile_name_stays_a_name() {
        for name in [
            r#"a", "plan": "large"#,
            "{{ .Values.x }}",
            "*ref &anchor !!tag",
            "- 'x' # y",
            "yes",
            "0x1F",
            "\\u0000",
        ] {
            let text = render(&spec(name)).unwrap();

            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(json["store"]["name"], name);
            assert_eq!(json["store"]["plan"], "small");
            let yaml: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
            assert_eq!(yaml, json);
        }
    }
}
