//! How a point is reached that does not stand on the straight way of a wish: what
//! must have happened to the programs first. Pure.

use shared::fault::Point;

use crate::faults::store::Wish;

/// Something that happens to a program on the road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// helm is killed as soon as its record says that it is at work.
    HelmKilled,
    /// The broker loses the command before a worker saw it.
    CommandLost,
    /// A process is ended at this point.
    KilledAt(&'static str),
}

/// A way to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Road {
    pub wish: Wish,
    /// What happens before, in this order.
    pub before: &'static [Before],
    /// The wish comes while the one before it is under way.
    pub hasty: bool,
}

impl Road {
    const fn hasty(wish: Wish) -> Self {
        Self {
            wish,
            before: &[],
            hasty: true,
        }
    }

    const fn straight(wish: Wish) -> Self {
        Self {
            wish,
            before: &[],
            hasty: false,
        }
    }
}

/// Points on roads of repair: `(beginning of the name, road)`.
const REPAIRS: &[(&str, Road)] = &[
    // A first installation that was cut off: helm's record says pending.
    (
        "worker.reset.",
        Road {
            wish: Wish::Create,
            before: &[Before::HelmKilled],
            hasty: false,
        },
    ),
    // The same with an upgrade.
    (
        "worker.unlock.",
        Road {
            wish: Wish::Update,
            before: &[Before::HelmKilled],
            hasty: false,
        },
    ),
    // There is only something to stop while something is being done.
    ("worker.control.", Road::hasty(Wish::Delete)),
    ("api.control.", Road::hasty(Wish::Delete)),
];

/// Points to which this test knows no road yet: they want an upgrade that helm
/// itself calls failed, and after it a pod of another revision that is not ready;
/// and the command that is to be lost is sometimes begun before it is.
pub const UNREACHED: [&str; 6] = [
    "api.watchdog.republish.before",
    "api.watchdog.republish.after",
    "worker.rollback.before",
    "worker.rollback.after",
    "worker.rollout.before",
    "worker.rollout.after",
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
    use super::*;

    #[test]
    fn a_point_has_a_road_for_each_way_and_a_repair_has_one() {
        let straight = roads(&Point::every("api.x"), &Wish::ALL);
        assert_eq!(straight, Wish::ALL.map(Road::straight));
        assert_eq!(roads(&Point::every("api.x"), &[Wish::Create]).len(), 1);

        let repair = Point::on("worker.reset.after", false, false, false);
        let found = roads(&repair, &Wish::ALL);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].before, [Before::HelmKilled]);
    }
}
