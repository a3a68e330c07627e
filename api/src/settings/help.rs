//! The settings as `--help` names them: from the embedded defaults themselves, so
//! that none is forgotten. Pure.

use std::fmt::Write as _;

use crate::settings::DEFAULTS;

const NEEDED: &str = "\
Settings are variables; for each there is a form with _FILE that names a file with the value.
  DATABASE_URL            needed: postgres://user:password@host:5432/database
  AMQP_URL                needed: amqp://user:password@host:5672/vhost
  ENVIRONMENT             local (default) or prod
  URUMI_INSTALLATION      needed with ENVIRONMENT=prod: the mark on this installation's namespaces
  URUMI_LOGIN             required or off (default: required with ENVIRONMENT=prod)
  URUMI_DASHBOARD_DIR     folder of the dashboard, served at / when set
  OTEL_EXPORTER_OTLP_ENDPOINT  where traces go, such as http://localhost:4318 (OTLP over HTTP)
";

/// Shown at the end of `--help`.
#[must_use]
pub fn settings() -> String {
    let mut text = NEEDED.to_owned();
    for line in DEFAULTS.base.lines() {
        if let Some((key, value)) = line.split_once(" = ") {
            let name = format!("URUMI_{}", key.to_uppercase());
            // Cannot fail: writing to a string never does.
            let _ = writeln!(text, "  {name:<23} {value}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_with_a_default_is_named_with_it() {
        let text = settings();
        for line in DEFAULTS.base.lines().filter(|line| line.contains(" = ")) {
            let (key, value) = line.split_once(" = ").unwrap();
            let name = format!("URUMI_{}", key.to_uppercase());
            let named = text
                .lines()
                .any(|line| line.contains(&name) && line.ends_with(value));
            assert!(named, "{name} {value}");
        }
        assert!(text.contains("DATABASE_URL") && text.contains("AMQP_URL"));
    }
}
