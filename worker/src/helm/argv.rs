//! helm's argument vectors (helm 4.3). Pure. No secret and no value of a tenant
//! is ever an argument: values travel on standard input.

use std::path::Path;

use shared::ids::StoreId;

/// Revisions that helm keeps of a release.
const HISTORY_MAX: &str = "3";
/// helm's own limit for one call to the apiserver; ours is the guard's.
const TIMEOUT: &str = "55s";

/// What an install or upgrade needs besides its values.
#[derive(Debug, Clone, Copy)]
pub struct Upgrade<'a> {
    /// The release, which is also the namespace.
    pub store: &'a StoreId,
    /// Folder or archive of the chart.
    pub chart: &'a Path,
    /// Values files, later ones win; standard input comes after them.
    pub values_files: &'a [std::path::PathBuf],
    /// What the release is made of (see `digest`).
    pub digest: &'a str,
    /// Take objects over that an earlier, lost release left behind.
    pub adopt: bool,
    /// The chart is another than the one that the values files are written for:
    /// what it does not know of them says nothing to it, and is no fault.
    pub other_version: bool,
    /// What is rendered was held against the cluster's OpenAPI document before, in the
    /// same shape; the apiserver's own strict validation stays.
    pub proven: bool,
}

/// Install, or upgrade to exactly these values.
#[must_use]
pub fn upgrade(wanted: Upgrade<'_>) -> Vec<String> {
    let Upgrade {
        store,
        chart,
        values_files,
        digest,
        adopt,
        other_version,
        proven,
    } = wanted;
    let mut argv = words(&["upgrade", "--install", store.as_str()]);
    argv.push(chart.display().to_string());
    argv.extend(words(&["--namespace", store.as_str()]));
    for file in values_files {
        argv.extend(words(&["--values", &file.display().to_string()]));
    }
    argv.extend(words(&["--values", "-", "--reset-values", "--no-hooks"]));
    // The chart is the truth: a field that somebody set by hand is set back.
    argv.push("--force-conflicts".to_owned());
    argv.extend(words(&["--history-max", HISTORY_MAX, "--timeout", TIMEOUT]));
    let label = format!("{}={digest}", crate::cluster::labels::DIGEST);
    argv.extend(words(&["--labels", &label, "--hide-notes"]));
    if adopt {
        argv.push("--take-ownership".to_owned());
    }
    if other_version {
        argv.push("--skip-schema-validation".to_owned());
    }
    if proven {
        argv.push("--disable-openapi-validation".to_owned());
    }
    argv
}

/// Return to a revision.
#[must_use]
pub fn rollback(store: &StoreId, revision: i64) -> Vec<String> {
    let revision = revision.to_string();
    words(&[
        "rollback",
        store.as_str(),
        &revision,
        "--namespace",
        store.as_str(),
        "--no-hooks",
        "--force-conflicts",
        "--history-max",
        HISTORY_MAX,
        "--timeout",
        TIMEOUT,
    ])
}

/// Remove the release's objects and its record.
#[must_use]
pub fn uninstall(store: &StoreId) -> Vec<String> {
    words(&[
        "uninstall",
        store.as_str(),
        "--namespace",
        store.as_str(),
        "--no-hooks",
        "--ignore-not-found",
        "--timeout",
        TIMEOUT,
    ])
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_arguments_are_these() {
        let store: StoreId = "store-k7q2mx".parse().unwrap();
        let files = [PathBuf::from("values-local.yaml"), PathBuf::from("my.yaml")];
        let wanted = Upgrade {
            store: &store,
            chart: Path::new("charts/store"),
            values_files: &files,
            digest: "abc",
            adopt: false,
            other_version: false,
            proven: false,
        };

        insta::assert_snapshot!(upgrade(wanted).join(" "), @"upgrade --install store-k7q2mx charts/store --namespace store-k7q2mx --values values-local.yaml --values my.yaml --values - --reset-values --no-hooks --force-conflicts --history-max 3 --timeout 55s --labels urumi.dev/digest=abc --hide-notes");
        assert!(
            upgrade(Upgrade {
                adopt: true,
                ..wanted
            })
            .contains(&"--take-ownership".to_owned())
        );
        assert!(
            upgrade(Upgrade {
                other_version: true,
                ..wanted
            })
            .contains(&"--skip-schema-validation".to_owned())
        );
        assert!(
            upgrade(Upgrade {
                proven: true,
                ..wanted
            })
            .contains(&"--disable-openapi-validation".to_owned())
        );
        insta::assert_snapshot!(rollback(&store, 2).join(" "), @"rollback store-k7q2mx 2 --namespace store-k7q2mx --no-hooks --force-conflicts --history-max 3 --timeout 55s");
        insta::assert_snapshot!(uninstall(&store).join(" "), @"uninstall store-k7q2mx --namespace store-k7q2mx --no-hooks --ignore-not-found --timeout 55s");
    }
}
