//! What the background tasks say of themselves, for `/readyz`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared by the tasks that set it and the probe that reads it.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    publishing: Arc<AtomicBool>,
    consuming: Arc<AtomicBool>,
}

impl Pulse {
    /// Whether commands reach RabbitMQ.
    pub fn set_publishing(&self, yes: bool) {
        self.publishing.store(yes, Ordering::Relaxed);
    }

    /// Whether events are taken in.
    pub fn set_consuming(&self, yes: bool) {
        self.consuming.store(yes, Ordering::Relaxed);
    }

    /// Whether commands reach RabbitMQ.
    pub fn publishing(&self) -> bool {
        self.publishing.load(Ordering::Relaxed)
    }

    /// Whether events are taken in.
    pub fn consuming(&self) -> bool {
        self.consuming.load(Ordering::Relaxed)
    }
}
