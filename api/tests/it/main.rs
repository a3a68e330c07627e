//! The api on a real Postgres and a real RabbitMQ. Each test has a database and
//! a virtual host of its own, so all run at once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a broken expectation ends the test"
)]

mod harness;

mod access;
mod audit;
mod audit_proof;
mod conditional;
mod contract;
mod dead_letters;
mod docs;
mod docs_page;
mod events;
mod events_bounds;
mod events_order;
mod faults;
mod idempotency;
mod idempotency_kills;
mod idempotency_posts;
mod kept;
mod limits;
mod long_list;
mod makers;
mod matrix;
mod migrations;
mod observer;
mod oidc;
mod outage;
mod permutations;
mod problems;
mod projector;
mod reconciliation;
mod relay;
mod relay_backlog;
mod retention;
mod sessions;
mod stores_cancel;
mod stores_chosen;
mod stores_counts;
mod stores_create;
mod stores_delete;
mod stores_inside;
mod stores_kept;
mod stores_life;
mod stores_list;
mod stores_login;
mod stores_protected;
mod stores_update;
mod timeline;
mod waiting;
mod watchdog;
mod webhooks;
