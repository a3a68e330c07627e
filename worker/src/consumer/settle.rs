//! What becomes of a delivery.

use lapin::Acker;
use lapin::options::{BasicAckOptions, BasicRejectOptions};

use crate::metrics::METRICS;

/// What came of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// Its outcome is said and confirmed.
    Said,
    /// It says what another delivery of this worker said, which is not settled yet.
    Twice,
    /// The program stopped before that.
    Unsaid,
    /// No build of ours can read it.
    Unreadable,
    /// It met a fault of ours outside of what a job guards.
    Broken,
}

impl Came {
    /// In a word.
    fn as_str(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Twice => "twice",
            Self::Unsaid => "unsaid",
            Self::Unreadable => "unreadable",
            Self::Broken => "broken",
        }
    }
}

/// What the broker is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Forget it.
    Acknowledge,
    /// Nothing: closing the channel gives it to another worker.
    Leave,
    /// Put it aside, as a dead letter.
    PutAside,
}

/// Which settlement follows. A delivery is never given back by hand: what a
/// dependency does to a job is waited for inside the job.
#[must_use]
pub fn settlement(came: Came) -> Settlement {
    match came {
        Came::Said | Came::Twice => Settlement::Acknowledge,
        Came::Unsaid => Settlement::Leave,
        Came::Unreadable | Came::Broken => Settlement::PutAside,
    }
}

/// Tell the broker. If the channel is gone the delivery comes again, which is
/// harmless.
pub(crate) async fn settle(queue: &'static str, acker: &Acker, came: Came) {
    METRICS.delivery(queue, came.as_str());
    let told = match settlement(came) {
        Settlement::Acknowledge => acker.ack(BasicAckOptions::default()).await,
        Settlement::Leave => return,
        Settlement::PutAside => acker.reject(BasicRejectOptions { requeue: false }).await,
    };
    match told {
        Ok(true) => {}
        Ok(false) => tracing::info!("the delivery's channel is gone; it comes again"),
        Err(error) => tracing::info!(%error, "the delivery's channel is gone; it comes again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_confirmed_outcome_and_a_second_delivery_are_acknowledged() {
        for (came, expected) in [
            (Came::Said, Settlement::Acknowledge),
            (Came::Twice, Settlement::Acknowledge),
            (Came::Unsaid, Settlement::Leave),
            (Came::Unreadable, Settlement::PutAside),
            (Came::Broken, Settlement::PutAside),
        ] {
            assert_eq!(settlement(came), expected);
        }
    }
}
