//! helm: its arguments, its guard, its storage and its complaints. The only
//! place of the worker that starts a process.

pub mod argv;
pub mod charts;
pub mod digest;
pub mod guard;
pub mod process;
pub mod record;
pub mod ring;
pub mod shapes;
pub mod stderr;
pub mod storage;
pub mod wire;

pub use process::{Helm, HelmError, Leash};
pub use shapes::Shapes;
pub use storage::{Release, ReleaseStatus};
