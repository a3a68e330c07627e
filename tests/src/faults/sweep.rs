//! The exhaustive sweep: every named point on the way of every wish. Several
//! platforms take cases from one list; a store goes through a create, an update
//! and a delete, so that no preparation is done in vain. A case that was only slow
//! is played once more in the short form.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::Result;
use futures_util::future::join_all;
use shared::fault::{API, WORKER};

use crate::faults::case::{Case, Outcome, Subject, Who, ask, run, undisturbed};
use crate::faults::check::Expected;
use crate::faults::ground::Ground;
use crate::faults::own::{Own, Plan};
use crate::faults::patience::until;
use crate::faults::road::{passes, roads};
use crate::faults::store::Wish;

/// What is swept.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Each point once, instead of on every way.
    pub once: bool,
    /// Platforms side by side.
    pub platforms: u16,
    /// Only points whose name contains this.
    pub only: Option<String>,
    /// Points that the programs do not have.
    pub lacking: Vec<&'static str>,
    /// Protections that are taken out.
    pub without: Vec<String>,
    /// Wishes that the platform knows.
    pub wishes: Vec<Wish>,
}

/// All cases of a scope, in the tables' order.
#[must_use]
pub fn cases(scope: &Scope) -> Vec<Case> {
    let mut cases = Vec::new();
    for (who, points) in [(Who::Api, API), (Who::Worker, WORKER)] {
        for point in points {
            let wanted = scope
                .only
                .as_deref()
                .is_none_or(|part| point.name.contains(part))
                && !scope.lacking.contains(&point.name);
            let roads = roads(point, &scope.wishes).into_iter().filter(|_| wanted);
            let roads = roads.take(if scope.once { 1 } else { Wish::ALL.len() });
            cases.extend(roads.map(|road| Case {
                point: point.name,
                road,
                who,
                again: false,
            }));
        }
    }
    cases
}

/// What all lanes share.
#[derive(Debug)]
struct Shared {
    left: Mutex<BTreeMap<&'static str, VecDeque<Case>>>,
    /// Points that were passed on an undisturbed way.
    seen: Mutex<BTreeSet<(&'static str, String)>>,
}

/// What came of a sweep.
#[derive(Debug)]
pub struct Swept {
    pub outcomes: Vec<Outcome>,
    /// Points that are passed on ways that the table does not name.
    pub unlisted: Vec<String>,
}

/// Sweep.
///
/// # Errors
/// If the platforms cannot be started or looked at.
pub async fn sweep(ground: &Ground, scope: &Scope) -> Result<Swept> {
    let mut left = BTreeMap::<_, VecDeque<_>>::new();
    for case in cases(scope) {
        left.entry(case.road.wish.as_str())
            .or_default()
            .push_back(case);
    }
    let shared = Shared {
        left: Mutex::new(left),
        seen: Mutex::default(),
    };
    let lanes = (0..scope.platforms).map(|number| lane(ground, &shared, scope, number));
    let mut outcomes = Vec::new();
    for ended in join_all(lanes).await {
        outcomes.extend(ended?);
    }
    Ok(Swept {
        outcomes,
        unlisted: unlisted(&shared),
    })
}

fn unlisted(shared: &Shared) -> Vec<String> {
    let Ok(seen) = shared.seen.lock() else {
        return Vec::new();
    };
    let listed = |way: &str, name: &str| {
        let point = API.iter().chain(WORKER).find(|point| point.name == name);
        let wish = Wish::ALL.into_iter().find(|wish| wish.as_str() == way);
        // What stands on the road of a repair may be passed on any way.
        point.zip(wish).is_some_and(|(point, wish)| {
            passes(point, wish) || !Wish::ALL.iter().any(|wish| passes(point, *wish))
        })
    };
    seen.iter()
        .filter(|(way, name)| !listed(way, name))
        .map(|(way, name)| format!("{name} is passed by a {way}, and the table does not say so"))
        .collect()
}

/// One platform after another, each until a case spoils it.
async fn lane(
    ground: &Ground,
    shared: &Shared,
    scope: &Scope,
    number: u16,
) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    let mut round = 0;
    while shared.any_left() {
        let own = ground.platform(&Plan::new(number, 1)).await?;
        let without: Vec<&str> = scope.without.iter().map(String::as_str).collect();
        own.fuse.without(&without)?;
        let mut expected = Expected::new();
        while shared.any_left() {
            round += 1;
            let name = format!("{} {round}", own.name);
            if !row(&own, shared, scope, &name, &mut expected, &mut outcomes).await? {
                let aside = ground
                    .servers
                    .state
                    .join("faults")
                    .join(format!("spoilt-{number}-{round}"));
                let _ = std::fs::remove_dir_all(&aside);
                let _ = std::fs::rename(&own.folder, &aside);
                break;
            }
        }
        ground.clear(own).await?;
    }
    Ok(outcomes)
}

/// One store, from its create to its delete; `false` if it came out wrong.
async fn row(
    own: &Own,
    shared: &Shared,
    scope: &Scope,
    name: &str,
    expected: &mut Expected,
    outcomes: &mut Vec<Outcome>,
) -> Result<bool> {
    let mut subject = Subject {
        name: name.to_owned(),
        id: String::new(),
    };
    for wish in &scope.wishes {
        let _ = own.fuse.take_hits();
        let Some(case) = shared.take(*wish) else {
            // An update is only there to be disturbed.
            if *wish == Wish::Update && !shared.unseen(*wish) {
                continue;
            }
            undisturbed(own, *wish, &mut subject, expected).await?;
            shared.note(*wish, own.fuse.take_hits().into_keys());
            continue;
        };
        if case.road.hasty {
            another(own, name, &mut subject, expected).await?;
        }
        let outcome = run(own, case, &mut subject, expected).await?;
        let well = outcome.findings.is_empty();
        let again = scope.once && outcome.may_be_chance();
        crate::faults::report::line(&outcome, again);
        if again {
            shared.put_back(case);
            continue;
        }
        outcomes.push(outcome);
        if !well {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A store of its own that is just being made.
async fn another(
    own: &Own,
    name: &str,
    subject: &mut Subject,
    expected: &mut Expected,
) -> Result<()> {
    undisturbed(own, Wish::Delete, subject, expected).await?;
    *subject = Subject {
        name: format!("{name} in haste"),
        id: String::new(),
    };
    ask(own, Wish::Create, subject).await?;
    let begun = async || {
        let store = own.store(&subject.id).await?;
        let steps = store["operation"]["steps"].as_array()?;
        (!steps.is_empty()).then_some(())
    };
    until("the create is under way", Duration::from_secs(30), begun).await
}

impl Shared {
    fn any_left(&self) -> bool {
        self.left
            .lock()
            .is_ok_and(|left| left.values().any(|cases| !cases.is_empty()))
    }

    fn take(&self, wish: Wish) -> Option<Case> {
        self.left.lock().ok()?.get_mut(wish.as_str())?.pop_front()
    }

    fn put_back(&self, case: Case) {
        if let Ok(mut left) = self.left.lock() {
            let again = Case {
                again: true,
                ..case
            };
            let cases = left.entry(case.road.wish.as_str()).or_default();
            cases.push_back(again);
        }
    }

    fn unseen(&self, wish: Wish) -> bool {
        self.seen
            .lock()
            .is_ok_and(|seen| !seen.iter().any(|(way, _)| *way == wish.as_str()))
    }

    fn note(&self, wish: Wish, points: impl Iterator<Item = String>) {
        if let Ok(mut seen) = self.seen.lock() {
            seen.extend(points.map(|point| (wish.as_str(), point)));
        }
    }
}
