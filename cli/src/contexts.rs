//! What `urumi login` keeps: servers and keys by name, in one file that only its
//! owner can read. Nothing here talks to a server.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::exit::Failed;

/// One server and the key for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Context {
    pub server: String,
    pub key: String,
}

/// All of them, and which one counts.
#[derive(Clone, Default)]
pub struct Contexts {
    pub current: Option<String>,
    pub all: BTreeMap<String, Context>,
    file: PathBuf,
}

impl Contexts {
    /// From the user's own folder; nothing kept is nothing to complain about.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn load(config_home: Option<&Path>) -> Result<Self, Failed> {
        let home = std::env::home_dir().unwrap_or_default();
        let folder = config_home.map_or_else(|| home.join(".config"), Path::to_path_buf);
        let file = folder.join("urumi").join("contexts.json");
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "{}".to_owned(),
            Err(error) => return Err(unusable(&file, &error.to_string())),
        };
        let kept: Value =
            serde_json::from_str(&text).map_err(|error| unusable(&file, &error.to_string()))?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut all = BTreeMap::new();
        for (name, context) in kept["contexts"].as_object().into_iter().flatten() {
            if let (Some(server), Some(key)) = (text(&context["server"]), text(&context["key"])) {
                all.insert(name.clone(), Context { server, key });
            }
        }
        Ok(Self {
            current: text(&kept["current"]),
            all,
            file,
        })
    }

    /// The one that counts.
    pub fn current(&self) -> Option<&Context> {
        self.all.get(self.current.as_deref()?)
    }

    /// Which server to ask, and with which key. A key is sent to the server that
    /// it was given for, and to no other.
    pub fn resolve(&self, server: Option<&str>, key: Option<&str>) -> (String, Option<String>) {
        let current = self.current();
        let server = server.map_or_else(
            || current.map_or("http://localhost:3000", |context| &context.server),
            |server| server.trim_end_matches('/'),
        );
        let mut fitting = current
            .into_iter()
            .chain(self.all.values())
            .filter(|context| context.server == server);
        let kept = || fitting.next().map(|context| context.key.clone());
        (server.to_owned(), key.map(str::to_owned).or_else(kept))
    }

    /// Keep them, for their owner's eyes alone.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self) -> Result<(), Failed> {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        let contexts: BTreeMap<_, _> = self
            .all
            .iter()
            .map(|(name, context)| {
                (
                    name,
                    json!({ "server": context.server, "key": context.key }),
                )
            })
            .collect();
        let text = format!(
            "{:#}\n",
            json!({ "current": self.current, "contexts": contexts })
        );
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let fresh = self.file.with_extension("json.new");
        let write = || -> std::io::Result<()> {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true).mode(0o700).create(folder)?;
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&fresh)?;
            file.write_all(text.as_bytes())?;
            fs::rename(&fresh, &self.file)
        };
        write().map_err(|error| unusable(&self.file, &error.to_string()))
    }
}

fn unusable(file: &Path, why: &str) -> Failed {
    Failed::new(format!("{} cannot be used: {why}", file.display()))
        .next("mend or remove it, or set URUMI_API and URUMI_API_KEY instead")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Contexts {
        let context = |server: &str, key: &str| Context {
            server: server.to_owned(),
            key: key.to_owned(),
        };
        Contexts {
            current: Some("prod".to_owned()),
            all: BTreeMap::from([
                ("prod".to_owned(), context("https://a.example", "ka")),
                ("test".to_owned(), context("https://b.example", "kb")),
            ]),
            file: PathBuf::new(),
        }
    }

    #[test]
    fn a_key_goes_to_its_own_server_alone() {
        let contexts = two();
        let resolved = |server, key| {
            let (server, key) = contexts.resolve(server, key);
            format!("{server} {}", key.unwrap_or_default())
        };
        assert_eq!(resolved(None, None), "https://a.example ka");
        assert_eq!(resolved(None, Some("mine")), "https://a.example mine");
        assert_eq!(
            resolved(Some("https://b.example/"), None),
            "https://b.example kb"
        );
        assert_eq!(
            resolved(Some("http://localhost:1"), None),
            "http://localhost:1 "
        );
        let none = Contexts::default().resolve(None, None);
        assert_eq!(none, ("http://localhost:3000".to_owned(), None));
    }

    #[test]
    fn what_is_kept_is_read_back_and_only_its_owner_can() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("urumi-contexts-{}", std::process::id()));
        let mut contexts = Contexts::load(Some(&folder)).unwrap();
        assert!(contexts.all.is_empty());
        (contexts.current, contexts.all) = (two().current, two().all);
        contexts.save().unwrap();
        let mode = fs::metadata(&contexts.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = Contexts::load(Some(&folder)).unwrap();
        assert!(read.all == two().all && read.current == two().current);
        fs::remove_dir_all(folder).unwrap();
    }
}
