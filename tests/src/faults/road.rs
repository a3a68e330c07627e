//! How a point is reached that does not stand on the straight way of a wish: what
//! must have happened to the programs first. Pure.

use shared::fault::Point;

use crate::faults::store::Wish;

/// Something that happens on the road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// helm is killed as soon as its record says that it is at work.
    HelmKilled,
    /// The broker loses the command while no worker runs.
    CommandLost,
    /// The apiserver refuses what helm sends, until the point is passed.
    HelmRefused,
    /// The database's pod is no longer ready, and does not become so.
    DatabaseHalted,
}

/// A way to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Road {
    pub wish: Wish,
    /// What happens before the point is passed.
    pub before: Option<Before>,
    /// The wish comes while the one before it is under way.
    pub hasty: bool,
}

impl Road {
    const fn hasty(wish: Wish) -> Self {
        Self {
            wish,
            before: None,
            hasty: true,
        }
    }

    /// Nothing happens on it.
    #[must_use]
    pub const fn straight(wish: Wish) -> Self {
        Self {
            wish,
            before: None,
            hasty: false,
        }
    }

    const fn after(wish: Wish, before: Before) -> Self {
        Self {
            wish,
            before: Some(before),
            hasty: false,
        }
    }
}

/// Points on roads of repair: `(beginning of the name, road)`.
const REPAIRS: &[(&str, Road)] = &[
    // A first installation that was cut off: helm's record says pending.
    (
        "worker.reset.",
        Road::after(Wish::Create, Before::HelmKilled),
    ),
    // The same with an upgrade.
    (
        "worker.unlock.",
        Road::after(Wish::Update, Before::HelmKilled),
    ),
    // An upgrade of which helm says that it failed.
    (
        "worker.rollback.",
        Road::after(Wish::Update, Before::HelmRefused),
    ),
    // Its StatefulSet waits for a pod of the old revision that is not ready.
    (
        "worker.rollout.before",
        Road::after(Wish::Update, Before::DatabaseHalted),
    ),
    (
        "worker.rollout.after",
        Road::after(Wish::Update, Before::DatabaseHalted),
    ),
    // There is only something to stop while something is being done.
    ("worker.control.", Road::hasty(Wish::Delete)),
    ("api.control.", Road::hasty(Wish::Delete)),
    // Only what was lost is said again.
    (
        "api.watchdog.republish.",
        Road::after(Wish::Create, Before::CommandLost),
    ),
];

/// All roads to a point.
#[must_use]
pub fn roads(point: &Point, wishes: &[Wish]) -> Vec<Road> {
    let repair = REPAIRS
        .iter()
        .find(|(name, _)| point.name.starts_with(name));
    let roads = match repair {
        Some((_, road)) => vec![*road],
        None => Wish::ALL
            .into_iter()
            .filter(|wish| passes(point, *wish))
            .map(Road::straight)
            .collect(),
    };
    let known = |road: &Road| wishes.contains(&road.wish);
    roads.into_iter().filter(known).collect()
}

/// Whether the table says so.
#[must_use]
pub fn passes(point: &Point, wish: Wish) -> bool {
    match wish {
        Wish::Create => point.create,
        Wish::Update => point.update,
        Wish::Delete => point.delete,
    }
}

#[cfg(test)]
mod tests {
    use shared::fault::{API, WORKER};

    use super::*;

    #[test]
    fn a_point_has_a_road_for_each_way_and_a_repair_has_one() {
        let straight = roads(&Point::every("api.x"), &Wish::ALL);
        assert_eq!(straight, Wish::ALL.map(Road::straight));
        assert_eq!(roads(&Point::every("api.x"), &[Wish::Create]).len(), 1);

        let repair = Point::on("worker.reset.after", false, false, false);
        let found = roads(&repair, &Wish::ALL);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].before, Some(Before::HelmKilled));
    }
    #[test]
    fn a_road_leads_to_every_point() {
        for point in API.iter().chain(WORKER) {
            assert!(!roads(point, &Wish::ALL).is_empty(), "{}", point.name);
        }
    }
}
