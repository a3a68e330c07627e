//! RabbitMQ, as both programs use it: one topology, publishing that knows
//! whether it arrived, and consuming that is set up again after every loss.
//!
//! Publishing and consuming never share a connection: a broker that blocks
//! publishers blocks everything on their connection, acks too.

pub mod asker;
pub mod connection;
pub mod publisher;
pub mod topology;

pub use asker::{AskError, Asker};
pub use connection::{Inbound, connect};
pub use publisher::{Outgoing, PublishError, Publisher};
