//! Which chart a wanted version means: the default one, or an archive
//! `store-<version>.tgz` beside it. Reads file names and one Chart.yaml.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What an archive's file name has around its version.
const NAME: (&str, &str) = ("store-", ".tgz");

/// There is no chart of that version.
#[derive(Debug, thiserror::Error)]
#[error("There is no chart of version `{wanted}`; there {}.", listed(.there))]
pub struct NoChart {
    wanted: String,
    there: Vec<String>,
}

#[derive(Deserialize)]
struct ChartYaml {
    name: String,
    version: String,
}

/// The chart of the wanted version; without one, the default chart. The default
/// chart is also what its own version means.
///
/// # Errors
/// [`NoChart`], which lists what there is.
pub fn pick(default: &Path, folder: &Path, wanted: Option<&str>) -> Result<PathBuf, NoChart> {
    let Some(wanted) = wanted else {
        return Ok(default.to_owned());
    };
    let mut there = archives(folder);
    if let Some(version) = version_of(default) {
        there.insert(version, default.to_owned());
    }
    // Looked up, never joined: a version is not a path.
    there.get(wanted).cloned().ok_or_else(|| NoChart {
        wanted: wanted.to_owned(),
        there: there.into_keys().collect(),
    })
}

fn archives(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter_map(|path| Some((version_in_name(&path)?, path)))
        .collect()
}

fn version_in_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let version = name.strip_prefix(NAME.0)?.strip_suffix(NAME.1)?;
    Some(version.to_owned())
}

fn version_of(chart: &Path) -> Option<String> {
    if !chart.is_dir() {
        return version_in_name(chart);
    }
    Some(read(chart)?.version)
}

/// Name and version of a chart that is a folder, such as `store-0.1.0`; an archive is
/// not opened for that.
#[must_use]
pub fn label(chart: &Path) -> Option<String> {
    let ChartYaml { name, version } = read(chart)?;
    Some(format!("{name}-{version}"))
}

fn read(chart: &Path) -> Option<ChartYaml> {
    let text = std::fs::read_to_string(chart.join("Chart.yaml")).ok()?;
    serde_saphyr::from_str(&text).ok()
}

fn listed(there: &[String]) -> String {
    match there {
        [] => "is none with a version".to_owned(),
        [one] => format!("is {one}"),
        [most @ .., last] => format!("are {} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_means_the_default_chart_an_archive_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let default = folder.path().join("store");
        std::fs::create_dir(&default).unwrap();
        std::fs::write(default.join("Chart.yaml"), "name: store\nversion: 0.2.0\n").unwrap();
        let older = folder.path().join("store-0.1.0.tgz");
        std::fs::write(&older, "").unwrap();
        std::fs::write(folder.path().join("other-0.3.0.tgz"), "").unwrap();
        let pick = |wanted| pick(&default, folder.path(), wanted);

        assert_eq!(label(&default).as_deref(), Some("store-0.2.0"));
        assert_eq!(label(&older), None);
        assert_eq!(pick(None).unwrap(), default);
        assert_eq!(pick(Some("0.2.0")).unwrap(), default);
        assert_eq!(pick(Some("0.1.0")).unwrap(), older);
        for wanted in ["0.3.0", "", "../store-0.1.0", "0.1.0.tgz"] {
            assert_eq!(
                pick(Some(wanted)).unwrap_err().to_string(),
                format!("There is no chart of version `{wanted}`; there are 0.1.0 and 0.2.0.")
            );
        }
    }

    #[test]
    fn a_default_that_is_an_archive_is_its_version_and_nothing_is_said_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let default = folder.path().join("store-0.4.0.tgz");
        std::fs::write(&default, "").unwrap();
        let nowhere = Path::new("/nowhere");

        assert_eq!(pick(&default, nowhere, Some("0.4.0")).unwrap(), default);
        let error = pick(&default, nowhere, Some("1.0.0")).unwrap_err();
        assert!(error.to_string().ends_with("there is 0.4.0."), "{error}");
        let error = pick(nowhere, nowhere, Some("1.0.0")).unwrap_err();
        assert!(error.to_string().ends_with("there is none with a version."));
    }
}
