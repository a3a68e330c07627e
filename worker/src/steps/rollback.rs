//! Back to the last revision that was in force, for a store that was serving.
//!
//! *Precondition:* the newest revision failed. *Effect:* a new revision that says
//! what the last good one said. *Repeating it:* not in one try. *Fails when* that
//! would lower the database's version: a server does not read a newer one's data.

use shared::failure::{Failure, FailureCode};
use shared::step::Step;

use crate::converge::Job;
use crate::converge::observed::{Found, Observed};
use crate::helm::argv;
use crate::helm::record::Part;
use crate::helm::storage::{self, StorageError};
use crate::steps::{StepError, release};

pub(super) async fn run(job: &Job<'_>, seen: &Observed) -> Result<bool, StepError> {
    let Found::Release { release, .. } = &seen.release else {
        return Ok(false);
    };
    let Some(good) = release.last_good else {
        return Ok(false);
    };
    let now = parts(job, release.revision).await?;
    let then = parts(job, good).await?;
    if let Some(detail) = lowered(&now, &then) {
        return Err(StepError::Failed {
            failure: Failure::new(FailureCode::RollbackUnsafe, detail),
            changed: false,
        });
    }
    let args = argv::rollback(&job.command.store_id, good);
    release::helm(job, Step::Rollback, args, String::new()).await
}

async fn parts(job: &Job<'_>, revision: i64) -> Result<Vec<Part>, StepError> {
    let (cluster, store) = (&job.context.cluster, &job.command.store_id);
    let (_, record) = storage::record(cluster, store, revision).await?;
    Ok(record.parts().map_err(StorageError::from)?)
}

/// The first stateful image that would go back, as a sentence. An image that
/// differs but has no version to compare counts as going back.
fn lowered(now: &[Part], then: &[Part]) -> Option<String> {
    let stateful = now.iter().filter(|part| part.kind == "StatefulSet");
    stateful
        .filter_map(|part| {
            let same = |other: &&Part| other.kind == part.kind && other.name == part.name;
            let before = then.iter().find(same)?;
            Some(part.images.iter().zip(&before.images))
        })
        .flatten()
        .find(|(now, then)| now != then && !is_at_least(then, now))
        .map(|(now, then)| format!("`{now}` would become `{then}`."))
}

fn is_at_least(then: &str, now: &str) -> bool {
    match (version(then), version(now)) {
        (Some((name, then)), Some((other, now))) => name == other && then >= now,
        _ => false,
    }
}

/// Name and version of an image, by the numbers its tag begins with.
fn version(image: &str) -> Option<(&str, Vec<u64>)> {
    let (name, tag) = image.rsplit_once(':')?;
    let end = tag.find(|c: char| !c.is_ascii_digit() && c != '.');
    let numbers = tag[..end.unwrap_or(tag.len())].trim_matches('.');
    let parts: Result<Vec<u64>, _> = numbers.split('.').map(str::parse).collect();
    Some((name, parts.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: &str, image: &str) -> Vec<Part> {
        vec![Part {
            api_version: "apps/v1".to_owned(),
            kind: kind.to_owned(),
            name: "mysql".to_owned(),
            images: vec![image.to_owned()],
            passing: false,
        }]
    }

    #[test]
    fn a_database_never_goes_back() {
        for (kind, now, then, unsafe_) in [
            ("StatefulSet", "mysql:8.4", "mysql:8.4", false),
            ("StatefulSet", "mysql:8.4.3", "mysql:8.4.9", false),
            ("StatefulSet", "mysql:9.7", "mysql:8.4", true),
            ("StatefulSet", "mysql:8.10", "mysql:8.9", true),
            ("StatefulSet", "mysql:9-debian", "mysql:8-debian", true),
            ("StatefulSet", "mysql:9.7", "mariadb:11.8", true),
            ("StatefulSet", "mysql@sha256:aa", "mysql@sha256:bb", true),
            ("StatefulSet", "mysql:next", "mysql:8.4", true),
            ("Deployment", "wordpress:7.1", "wordpress:7.0", false),
        ] {
            let found = lowered(&part(kind, now), &part(kind, then));
            assert_eq!(found.is_some(), unsafe_, "{now} → {then}: {found:?}");
        }
    }
}
