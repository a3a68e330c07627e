//! Tries that this worker is at. A second delivery of one (after the connection
//! was lost under the first) waits here for its end, and then finds the outcome
//! on the Lease; without this it would meet our own hand on the store.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use shared::ids::OperationId;
use tokio::sync::Notify;

type Try = (OperationId, u32);

/// All tries of this worker.
#[derive(Debug, Clone, Default)]
pub struct Underway {
    tries: Arc<Mutex<HashSet<Try>>>,
    ended: Arc<Notify>,
}

/// One try, until it is dropped.
#[derive(Debug)]
pub struct Entered {
    all: Underway,
    this: Try,
}

impl Underway {
    /// Begin a try, after the end of the same one.
    pub async fn enter(&self, operation: OperationId, attempt: u32) -> Entered {
        let this = (operation, attempt);
        loop {
            // Asked for before looking, so that no end is missed.
            let ended = self.ended.notified();
            if self.lock().insert(this) {
                return Entered {
                    all: self.clone(),
                    this,
                };
            }
            ended.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Try>> {
        self.tries.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.all.lock().remove(&self.this);
        self.all.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn the_same_try_waits_and_any_other_does_not() {
        let all = Underway::default();
        let operation = OperationId::new();
        let first = all.enter(operation, 1).await;

        assert!(timeout(MOMENT, all.enter(operation, 1)).await.is_err());
        assert!(timeout(MOMENT, all.enter(operation, 2)).await.is_ok());
        assert!(
            timeout(MOMENT, all.enter(OperationId::new(), 1))
                .await
                .is_ok()
        );
        drop(first);
        assert!(timeout(MOMENT, all.enter(operation, 1)).await.is_ok());
    }
}
