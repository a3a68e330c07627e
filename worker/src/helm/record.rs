//! helm's release record, decoded and encoded. Pure.
//!
//! Source: `helm.sh/helm/v4/pkg/storage/driver/util.go`: gzip'd JSON in base64,
//! inside a Secret (whose own base64 the Kubernetes client has taken off).

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize as _;
use serde_json::Value;

/// A record larger than this is not read (the apiserver's limit is 1 MiB, gzip'd).
const MAX_BYTES: u64 = 32 << 20;

/// A record that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not base64.
    #[error("the release record is not base64")]
    Base64(#[source] base64::DecodeError),
    /// Not gzip.
    #[error("the release record cannot be unpacked")]
    Gzip(#[source] std::io::Error),
    /// Not JSON.
    #[error("the release record is not JSON")]
    Json(#[source] serde_json::Error),
    /// Its manifest is not YAML.
    #[error("the release's manifest is not YAML: {0}")]
    Manifest(String),
}

/// A release as helm stored it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record(Value);

/// An object that a release consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `Deployment`.
    pub kind: String,
    /// Its name; its namespace is the store's.
    pub name: String,
    /// The images of its containers.
    pub images: Vec<String>,
    /// Whether Kubernetes removes it by itself after its end.
    pub passing: bool,
}

impl Record {
    /// Read the value of the Secret's key `release`.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        use base64::Engine as _;
        let packed = base64::engine::general_purpose::STANDARD
            .decode(bytes)
            .map_err(RecordError::Base64)?;
        let mut text = Vec::new();
        GzDecoder::new(packed.as_slice())
            .take(MAX_BYTES)
            .read_to_end(&mut text)
            .map_err(RecordError::Gzip)?;
        let value = serde_json::from_slice(&text).map_err(RecordError::Json)?;
        Ok(Self(value))
    }

    /// The value for the Secret's key `release`.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        use base64::Engine as _;
        let text = serde_json::to_vec(&self.0).map_err(RecordError::Json)?;
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&text).map_err(RecordError::Gzip)?;
        let packed = packer.finish().map_err(RecordError::Gzip)?;
        Ok(base64::engine::general_purpose::STANDARD
            .encode(packed)
            .into_bytes())
    }

    /// The same release with status `failed`; everything else stays as it was.
    #[must_use]
    pub fn failed(mut self, because: &str) -> Self {
        if let Some(notes) = self.0.get_mut("info").and_then(Value::as_object_mut) {
            notes.insert("status".to_owned(), Value::from("failed"));
            notes.insert("description".to_owned(), Value::from(because));
        }
        self
    }

    /// Its status in the record itself.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.0.pointer("/info/status").and_then(Value::as_str)
    }

    /// Name and version of its chart, such as `store-0.1.0`.
    #[must_use]
    pub fn chart(&self) -> String {
        let field = |name: &str| {
            let path = format!("/chart/metadata/{name}");
            let text = self.0.pointer(&path).and_then(Value::as_str);
            text.unwrap_or("unknown").to_owned()
        };
        format!("{}-{}", field("name"), field("version"))
    }

    /// The objects of its manifest.
    ///
    /// # Errors
    /// [`RecordError::Manifest`].
    pub fn parts(&self) -> Result<Vec<Part>, RecordError> {
        let manifest = self.0.get("manifest").and_then(Value::as_str);
        // An end marker inside a block scalar is indented, so this is one.
        let documents = format!("\n{}", manifest.unwrap_or_default());
        let mut parts = Vec::new();
        for document in documents.split("\n---") {
            let value: Option<Value> = serde_saphyr::from_str(document)
                .map_err(|error| RecordError::Manifest(error.to_string()))?;
            parts.extend(value.as_ref().and_then(part_of));
        }
        Ok(parts)
    }
}

fn part_of(document: &Value) -> Option<Part> {
    let text = |path: &str| {
        let found = document.pointer(path)?;
        String::deserialize(found).ok()
    };
    let containers = document.pointer("/spec/template/spec/containers");
    let images = containers.and_then(Value::as_array).into_iter().flatten();
    Some(Part {
        api_version: text("/apiVersion")?,
        kind: text("/kind")?,
        name: text("/metadata/name")?,
        images: images
            .filter_map(|container| container.get("image")?.as_str().map(str::to_owned))
            .collect(),
        passing: document.pointer("/spec/ttlSecondsAfterFinished").is_some(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Record {
        Record(json!({
            "name": "store-k7q2mx",
            "info": {"status": "pending-upgrade", "description": "Preparing upgrade", "notes": "x"},
            "chart": {"metadata": {"name": "store", "version": "0.1.0"}},
            "manifest": "---\n# Source: store/templates/a.yaml\napiVersion: v1\nkind: Service\nmetadata:\n  name: mysql\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: mysql\nspec:\n  template:\n    spec:\n      containers:\n        - image: \"mysql:8.4\"\n---\n# only a comment\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: setup}\nspec: {ttlSecondsAfterFinished: 60}\n",
            "version": 2,
            "somethingNew": [1, 2]
        }))
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let bytes = sample().encode().unwrap();
        assert_eq!(Record::decode(&bytes).unwrap(), sample());
    }

    #[test]
    fn only_the_status_and_its_reason_change() {
        let failed = sample().failed("the worker was lost");

        assert_eq!(failed.status(), Some("failed"));
        assert_eq!(failed.0["info"]["notes"], "x");
        assert_eq!(failed.0["somethingNew"], json!([1, 2]));
    }

    #[test]
    fn chart_and_parts_are_read() {
        let record = sample();

        assert_eq!(record.chart(), "store-0.1.0");
        let parts = record.parts().unwrap();
        let names: Vec<String> = parts
            .iter()
            .map(|p| format!("{}/{}", p.kind, p.name))
            .collect();
        assert_eq!(names, ["Service/mysql", "StatefulSet/mysql", "Job/setup"]);
        assert_eq!(parts[1].images, ["mysql:8.4"]);
        assert!(parts[2].passing && !parts[1].passing);
    }

    #[test]
    fn rubbish_is_refused() {
        for bytes in [b"%%%".as_slice(), b"aGVsbG8=", b""] {
            assert!(Record::decode(bytes).is_err());
        }
    }
}
