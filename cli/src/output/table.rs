//! Lists as tables: which columns each kind of thing has.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Form, text};
use crate::exit::Failed;

/// One column: its head, whether only `wide` has it, and its cell.
struct Column {
    head: &'static str,
    wide: bool,
    cell: fn(&Value) -> String,
}

const fn column(head: &'static str, cell: fn(&Value) -> String) -> Column {
    let wide = false;
    Column { head, wide, cell }
}

const fn wide(head: &'static str, cell: fn(&Value) -> String) -> Column {
    let wide = true;
    Column { head, wide, cell }
}

const STORES: &[Column] = &[
    column("ID", |store| text(&store["id"])),
    column("NAME", |store| text(&store["name"])),
    column("STATUS", |store| text(&store["status"])),
    column("HEALTH", |store| text(&store["health"]["status"])),
    wide("PLAN", |store| text(&store["plan"])),
    wide("REPLICAS", |store| text(&store["wanted"]["replicas"])),
    wide("CHART", |store| text(&store["chart"])),
    wide("OPERATION", |store| {
        let operation = &store["operation"];
        let (kind, status) = (text(&operation["kind"]), text(&operation["status"]));
        format!("{kind} {status}").trim().to_owned()
    }),
    column("AGE", |store| age(&store["created_at"])),
    column("URL", |store| text(&store["url"])),
];

const OPERATIONS: &[Column] = &[
    column("ID", |operation| text(&operation["id"])),
    column("STORE", |operation| text(&operation["store_id"])),
    column("KIND", |operation| text(&operation["kind"])),
    column("STATUS", |operation| text(&operation["status"])),
    wide("ATTEMPT", |operation| {
        let (now, most) = (&operation["attempt"], &operation["max_attempts"]);
        format!("{}/{}", text(now), text(most))
    }),
    wide("TOOK", |operation| seconds(&operation["duration_ms"])),
    wide("FAILURE", |operation| text(&operation["failure"]["code"])),
    column("AGE", |operation| age(&operation["created_at"])),
];

const DEAD_LETTERS: &[Column] = &[
    column("ID", |letter| text(&letter["id"])),
    column("QUEUE", |letter| text(&letter["queue"])),
    column("AGE", |letter| age(&letter["received_at"])),
    column("REPLAYED", |letter| age(&letter["replayed_at"])),
    column("REASON", |letter| text(&letter["reason"])),
];

const KEYS: &[Column] = &[
    column("ID", |key| text(&key["id"])),
    column("PREFIX", |key| text(&key["prefix"])),
    column("NAME", |key| text(&key["name"])),
    column("ROLE", |key| text(&key["role"])),
    column("STATUS", |key| text(&key["status"])),
    column("AGE", |key| age(&key["created_at"])),
    column("USED", |key| age(&key["last_used_at"])),
    wide("BY", |key| text(&key["created_by"])),
    wide("EXPIRES", |key| text(&key["expires_at"])),
];

const TENANTS: &[Column] = &[
    column("ID", |tenant| text(&tenant["id"])),
    column("NAME", |tenant| text(&tenant["name"])),
    column("STORES AT MOST", |tenant| {
        text(&tenant["limits"]["max_stores"])
    }),
    column("OPERATIONS AT MOST", |tenant| {
        text(&tenant["limits"]["max_operations"])
    }),
    column("AGE", |tenant| age(&tenant["created_at"])),
];

const AUDIT: &[Column] = &[
    column("SEQ", |row| text(&row["seq"])),
    column("AT", |row| text(&row["at"])),
    column("ACTOR", |row| text(&row["actor"])),
    column("ACTION", |row| text(&row["action"])),
    column("STORE", |row| text(&row["store_id"])),
    column("OUTCOME", |row| text(&row["outcome"])),
    wide("OPERATION", |row| text(&row["operation_id"])),
    wide("REQUEST", |row| text(&row["request_id"])),
    wide("HASH", |row| text(&row["hash"])),
];

const DIFFERENCES: &[Column] = &[
    column("STORE", |found| text(&found["store_id"])),
    column("DIFFERENCE", |found| text(&found["kind"])),
    column("STATUS", |found| text(&found["status"])),
    column("RECORDED", |found| {
        release(&found["recorded_chart"], &found["recorded_revision"])
    }),
    column("FOUND", |found| {
        release(&found["found_chart"], &found["found_revision"])
    }),
    wide("EVER READY", |found| yes(&found["ever_ready"])),
    wide("TERMINATING", |found| yes(&found["terminating"])),
];

/// Stores.
///
/// # Errors
/// That the answer cannot be written as YAML.
pub fn stores(form: Form, answer: &Value, items: &[Value]) -> Result<String, Failed> {
    print(form, answer, items, STORES, "id")
}

/// Operations.
///
/// # Errors
/// As [`stores`].
pub fn operations(form: Form, answer: &Value, items: &[Value]) -> Result<String, Failed> {
    print(form, answer, items, OPERATIONS, "id")
}

/// Dead letters.
///
/// # Errors
/// As [`stores`].
pub fn dead_letters(form: Form, answer: &Value, items: &[Value]) -> Result<String, Failed> {
    print(form, answer, items, DEAD_LETTERS, "id")
}

/// API keys.
///
/// # Errors
/// As [`stores`].
pub fn keys(form: Form, answer: &Value, items: &[Value]) -> Result<String, Failed> {
    print(form, answer, items, KEYS, "id")
}

/// Tenants.
///
/// # Errors
/// As [`stores`].
pub fn tenants(form: Form, answer: &Value, items: &[Value]) -> Result<String, Failed> {
    print(form, answer, items, TENANTS, "id")
}

/// Rows of the audit.
///
/// # Errors
/// As [`stores`].
pub fn audit(form: Form, answer: &Value, items: &[Value]) -> Result<String, Failed> {
    print(form, answer, items, AUDIT, "id")
}

/// Differences between the records and the cluster.
///
/// # Errors
/// As [`stores`].
pub fn differences(form: Form, answer: &Value, items: &[Value]) -> Result<String, Failed> {
    print(form, answer, items, DIFFERENCES, "store_id")
}

fn print(
    form: Form,
    answer: &Value,
    items: &[Value],
    columns: &[Column],
    id: &str,
) -> Result<String, Failed> {
    if let Some(answer) = form.as_answered(answer)? {
        return Ok(answer);
    }
    if form == Form::Name {
        let ids: Vec<String> = items.iter().map(|item| text(&item[id])).collect();
        return Ok(ids.join("\n"));
    }
    let columns: Vec<&Column> = columns
        .iter()
        .filter(|column| form == Form::Wide || !column.wide)
        .collect();
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(columns.iter().map(|column| column.head));
    for item in items {
        table.add_row(columns.iter().map(|column| plain(&(column.cell)(item))));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    Ok(lines.join("\n"))
}

/// One line without control characters: a store's name is a stranger's text, and a
/// terminal obeys some of them.
pub fn plain(text: &str) -> String {
    let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(visible).collect()
}

/// Milliseconds as seconds.
pub fn seconds(value: &Value) -> String {
    #[expect(clippy::cast_precision_loss, reason = "of a duration, for people")]
    let seconds = |ms: u64| format!("{:.1} s", ms as f64 / 1000.0);
    value.as_u64().map_or_else(String::new, seconds)
}

fn release(chart: &Value, revision: &Value) -> String {
    match revision.as_i64() {
        Some(revision) => format!("{} revision {revision}", text(chart)),
        None => text(chart),
    }
}

fn yes(value: &Value) -> String {
    if value == true { "yes" } else { "no" }.to_owned()
}

/// Time since an RFC 3339 moment, in its largest unit.
fn age(value: &Value) -> String {
    let Ok(then) = OffsetDateTime::parse(value.as_str().unwrap_or_default(), &Rfc3339) else {
        return String::new();
    };
    let seconds = (OffsetDateTime::now_utc() - then).whole_seconds().max(0);
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7199 => format!("{}m", seconds / 60),
        7200..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_wide_has_more() {
        let items = [
            json!({"id": "store-k7q2mx", "name": "店 Æ", "status": "Ready",
                "health": {"status": "Healthy"}, "plan": "small", "url": "http://a"}),
            json!({"id": "store-bcdfgh", "name": "Long name", "status": "Queued",
                "health": {"status": "Unknown"}, "plan": "large", "url": "http://b"}),
        ];
        let printed = stores(Form::Table, &Value::Null, &items).unwrap();
        assert_eq!(
            printed,
            "ID            NAME       STATUS  HEALTH   AGE  URL\n\
             store-k7q2mx  店 Æ       Ready   Healthy       http://a\n\
             store-bcdfgh  Long name  Queued  Unknown       http://b"
        );
        let printed = stores(Form::Wide, &Value::Null, &items).unwrap();
        assert!(
            printed.lines().next().unwrap().contains("PLAN"),
            "{printed}"
        );
        let printed = stores(Form::Name, &Value::Null, &items).unwrap();
        assert_eq!(printed, "store-k7q2mx\nstore-bcdfgh");
    }

    #[test]
    fn an_empty_list_still_says_what_its_columns_are() {
        let printed = dead_letters(Form::Table, &Value::Null, &[]).unwrap();
        assert_eq!(printed, "ID  QUEUE  AGE  REPLAYED  REASON");
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{9b}d"), "a [2Jb c d");
    }
}
