//! Table tests of the rule.
