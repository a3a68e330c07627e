//! When adopt and purge are refused: an inventory that proves nothing, or too much
//! at once. Pure.

use time::{Duration, OffsetDateTime};

use crate::reconciliation::compare::{Difference, DifferenceKind};
use crate::reconciliation::inventory::Inventory;
use crate::settings::ReconciliationSettings;

/// Why nothing is done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no inventory of the cluster has come yet; wait until the observer has told one")]
    NoInventory,
    #[error("the newest inventory is incomplete: the cluster did not tell all; wait for the next")]
    Incomplete,
    #[error(
        "the newest inventory is empty while {0} stores are Ready on record; find out whether the \
         observer sees the right cluster"
    )]
    Empty(usize),
    #[error(
        "the newest inventory is {age_seconds} s old, at most {most_seconds} s are allowed; see \
         that a worker runs and observes"
    )]
    Old { age_seconds: i64, most_seconds: i64 },
    #[error(
        "{named} stores were named, at most {most} are allowed in one call ({because}); name fewer"
    )]
    TooMany {
        named: usize,
        most: usize,
        because: &'static str,
    },
    #[error("`{0}` is not among the differences that this applies to; see GET /reconciliation")]
    NotApplicable(String),
    #[error(
        "the store `{0}` was deleted and does not come back; what is left of it can only be purged"
    )]
    Deleted(String),
    #[error(
        "`{0}` is a namespace that this installation did not make, and such are never touched; \
         whoever made it has to remove it"
    )]
    Foreign(String),
}

/// What is on record of living stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// All but deleted ones.
    pub living: usize,
    /// Those that are Ready.
    pub ready: usize,
}

/// Whether an inventory may be acted on.
///
/// # Errors
/// [`Refusal`].
pub fn usable<'a>(
    inventory: Option<&'a Inventory>,
    counts: Counts,
    now: OffsetDateTime,
    settings: &ReconciliationSettings,
) -> Result<&'a Inventory, Refusal> {
    let inventory = inventory.ok_or(Refusal::NoInventory)?;
    let age = now - inventory.taken_at;
    let most = Duration::seconds(settings.reconciliation_max_age_seconds);
    if age > most {
        return Err(Refusal::Old {
            age_seconds: age.whole_seconds(),
            most_seconds: most.whole_seconds(),
        });
    }
    if !inventory.complete {
        return Err(Refusal::Incomplete);
    }
    if inventory.namespaces.is_empty() && counts.ready > 0 {
        return Err(Refusal::Empty(counts.ready));
    }
    Ok(inventory)
}

/// The differences that are named, if each is of a kind that this applies to and
/// they are few enough: a number, and a share of all stores (of which one is
/// always allowed).
///
/// # Errors
/// [`Refusal`].
pub fn chosen<'a>(
    named: &[String],
    kinds: &[DifferenceKind],
    differences: &'a [Difference],
    living: usize,
    settings: &ReconciliationSettings,
) -> Result<Vec<&'a Difference>, Refusal> {
    let share = living * settings.reconciliation_max_share_percent / 100;
    for (most, because) in [
        (
            settings.reconciliation_max_stores,
            "URUMI_RECONCILIATION_MAX_STORES",
        ),
        (
            share.max(1),
            "URUMI_RECONCILIATION_MAX_SHARE_PERCENT of all stores",
        ),
    ] {
        if named.len() > most {
            let named = named.len();
            return Err(Refusal::TooMany {
                named,
                most,
                because,
            });
        }
    }
    let find = |id: &String| {
        let mut fit = differences
            .iter()
            .filter(|difference| difference.store_id == *id);
        fit.find(|difference| kinds.contains(&difference.kind))
            .ok_or_else(|| not_applicable(id, differences))
    };
    named.iter().map(find).collect()
}

fn not_applicable(id: &str, differences: &[Difference]) -> Refusal {
    let foreign = |difference: &Difference| {
        difference.store_id == id && difference.kind == DifferenceKind::ForeignNamespace
    };
    if differences.iter().any(foreign) {
        Refusal::Foreign(id.to_owned())
    } else {
        Refusal::NotApplicable(id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: ReconciliationSettings = ReconciliationSettings {
        reconciliation_max_age_seconds: 300,
        reconciliation_max_stores: 3,
        reconciliation_max_share_percent: 10,
    };

    #[test]
    fn an_inventory_that_proves_nothing_is_not_acted_on() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::HOUR;
        let inventory = |age, complete| Inventory {
            taken_at: now - Duration::seconds(age),
            complete,
            namespaces: Vec::new(),
        };
        let counts = |ready| Counts { living: 9, ready };
        let ask = |inventory: Option<Inventory>, ready| {
            usable(inventory.as_ref(), counts(ready), now, &SETTINGS).err()
        };
        let old = Refusal::Old {
            age_seconds: 301,
            most_seconds: 300,
        };
        assert_eq!(ask(None, 0), Some(Refusal::NoInventory));
        assert_eq!(ask(Some(inventory(301, true)), 0), Some(old));
        assert_eq!(ask(Some(inventory(1, false)), 0), Some(Refusal::Incomplete));
        assert_eq!(ask(Some(inventory(1, true)), 2), Some(Refusal::Empty(2)));
        assert_eq!(ask(Some(inventory(300, true)), 0), None);
    }

    #[test]
    fn a_call_reaches_only_what_it_names_and_never_too_much() {
        let difference = |n: usize, kind| Difference {
            kind,
            tenant_id: None,
            store_id: format!("s{n}"),
            status: None,
            recorded_chart: None,
            recorded_revision: None,
            found_chart: None,
            found_revision: None,
            terminating: false,
            ever_ready: false,
        };
        let mut all: Vec<_> = (0..4)
            .map(|n| difference(n, DifferenceKind::NamespaceWithoutRecord))
            .collect();
        all.push(difference(9, DifferenceKind::ForeignNamespace));
        let kinds = [DifferenceKind::NamespaceWithoutRecord];
        for (named, living, reached) in [
            (vec!["s0"], 0, true),
            (vec!["s0", "s1"], 19, false),
            (vec!["s0", "s1"], 20, true),
            (vec!["s0", "s1", "s2", "s3"], 1_000, false),
            (vec!["s9"], 1_000, false),
            (vec!["s7"], 1_000, false),
        ] {
            let names: Vec<_> = named.iter().map(|name| (*name).to_owned()).collect();
            let chosen = chosen(&names, &kinds, &all, living, &SETTINGS);
            assert_eq!(chosen.is_ok(), reached, "{named:?} of {living}");
        }
    }
}
