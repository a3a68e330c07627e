//! What a page costs: the buffers and the time of its statements, as Postgres says,
//! and the time of one page beside that of another.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};

/// A page beside itself may differ by that much, or nothing was measured.
const NOISE: f64 = 0.03;
/// Times that is tried.
const TRIES: usize = 5;

/// What statements cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub buffers: f64,
    pub ms: f64,
    pub rows: f64,
}

/// Milliseconds of all of them.
pub async fn ms(sql: &mut PgConnection, statements: &[String]) -> f64 {
    let mut ms = 0.0;
    for statement in statements {
        ms += run(sql, statement).await.0.ms;
    }
    ms
}

/// Run one; its plan too.
pub async fn run(sql: &mut PgConnection, statement: &str) -> (Cost, String) {
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}");
    let row = sql.fetch_one(AssertSqlSafe(explain)).await.unwrap();
    let plan: Value = row.get(0);
    let (top, whole) = (&plan[0]["Plan"], &plan[0]["Execution Time"]);
    let number = |name: &str| top[name].as_f64().unwrap();
    let cost = Cost {
        buffers: number("Shared Hit Blocks") + number("Shared Read Blocks"),
        ms: whole.as_f64().unwrap(),
        rows: number("Actual Rows"),
    };
    (cost, top.to_string())
}

/// One page beside another.
#[derive(Clone, Copy, Debug)]
pub struct Beside {
    /// Medians of both.
    pub ms: (f64, f64),
    /// The median of how many times as long the other took.
    pub ratio: f64,
    /// The same of the page beside itself.
    pub control: f64,
}

impl Beside {
    /// The same again until the page beside itself is the same, or as often as it may.
    pub async fn measured(rounds: usize, mut take: impl AsyncFnMut(usize) -> f64) -> Self {
        let mut found = Self::by_turns(rounds, &mut take).await;
        for _ in 1..TRIES {
            if (found.control - 1.0).abs() <= NOISE {
                break;
            }
            found = Self::by_turns(rounds, &mut take).await;
        }
        found
    }

    /// By turns: 0 the page, 1 the page again, 2 the other. Their order turns around,
    /// so that whatever else the machine does meets all alike.
    pub async fn by_turns(rounds: usize, mut take: impl AsyncFnMut(usize) -> f64) -> Self {
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for round in 0..rounds {
            let mut turn = [0, 1, 2];
            turn.rotate_left(round % 3);
            if round % 2 == 1 {
                turn.reverse();
            }
            for who in turn {
                times[who].push(take(who).await);
            }
        }
        let [one, again, other] = &times;
        let all = || 0..rounds;
        let page = |n: usize| f64::midpoint(one[n], again[n]);
        Self {
            ms: (median(all().map(page)), median(other.iter().copied())),
            ratio: median(all().map(|n| other[n] / page(n))),
            control: median(all().map(|n| again[n] / one[n])),
        }
    }

    /// Whether it is a measurement at all.
    pub fn counts(&self) -> bool {
        (self.control - 1.0).abs() <= NOISE
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
