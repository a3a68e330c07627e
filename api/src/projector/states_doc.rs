//! The state tables of docs/STATES.md, written from the rule.
