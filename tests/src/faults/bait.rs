//! What is done on the road to a point: prepared before the wish, watched for while
//! it is under way. Then the point itself is armed.

use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::process::Signal;

use crate::faults::own::Own;
use crate::faults::patience::until;
use crate::faults::program::Program;
use crate::faults::refusal::Refusal;
use crate::faults::road::{Before, Road};
use crate::faults::{cluster, victims};

/// What was laid.
#[derive(Debug)]
pub struct Baits {
    /// What is still to happen before the point is armed.
    waits_for: Option<Before>,
    point: &'static str,
    refusal: Option<Refusal>,
    /// When the point was passed.
    pub fired: Option<Instant>,
}

impl Baits {
    /// Prepare the road; arm the point, if nothing has to happen before.
    ///
    /// # Errors
    /// If that cannot be done.
    pub async fn lay(own: &Own, road: Road, point: &'static str, store: &str) -> Result<Self> {
        let mut baits = Self {
            waits_for: road.before,
            point,
            refusal: None,
            fired: None,
        };
        match road.before {
            Some(Before::HelmKilled) => return Ok(baits),
            Some(Before::CommandLost) => {
                for worker in &own.workers {
                    worker.fell().await?;
                }
                return Ok(baits);
            }
            Some(Before::HelmRefused) => {
                baits.refusal = Some(Refusal::begin(&own.client, &own.name).await?);
            }
            Some(Before::DatabaseHalted) => cluster::halt_database(&own.client, store).await?,
            None => {}
        }
        baits.arm(own)?;
        Ok(baits)
    }

    fn arm(&mut self, own: &Own) -> Result<()> {
        self.waits_for = None;
        own.fuse.arm(self.point, "kill")
    }

    /// One look, and what follows from it.
    ///
    /// # Errors
    /// If the servers cannot be looked at.
    pub async fn glance(&mut self, own: &Own, store: &str) -> Result<()> {
        match self.waits_for {
            Some(Before::CommandLost) => self.lose(own).await,
            Some(Before::HelmKilled) => {
                if cluster::helm_is_at_work(&own.client, store).await? {
                    // The point lies before the worker can learn of it.
                    self.arm(own)?;
                    let workers = own.workers.iter().filter_map(Program::pid);
                    for helm in workers.flat_map(victims::helms) {
                        let _ = victims::signal(helm, Signal::KILL);
                    }
                }
                Ok(())
            }
            Some(Before::HelmRefused | Before::DatabaseHalted) | None => {
                if self.fired.is_none() && own.fuse.fired() {
                    self.fired = Some(Instant::now());
                    self.lift().await?;
                }
                Ok(())
            }
        }
    }

    /// No worker runs until the command was taken out of the queue, so none can
    /// have seen it.
    async fn lose(&mut self, own: &Own) -> Result<()> {
        until("the command is lost", Duration::from_secs(30), async || {
            let taken = own.servers.take(&own.name, "store.commands").await;
            taken.is_ok_and(|taken| taken > 0).then_some(())
        })
        .await?;
        self.arm(own)?;
        own.workers.iter().for_each(Program::rise);
        Ok(())
    }

    async fn lift(&mut self) -> Result<()> {
        match self.refusal.take() {
            Some(refusal) => refusal.end().await,
            None => Ok(()),
        }
    }

    /// Nothing is to happen any more; whether all of it did.
    ///
    /// # Errors
    /// If the refusal cannot be lifted.
    pub async fn take_away(mut self, own: &Own) -> Result<bool> {
        self.lift().await?;
        Ok(own.fuse.disarm() && self.waits_for.is_none())
    }
}
