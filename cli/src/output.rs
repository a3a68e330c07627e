//! What is printed on standard output: a table for people, or the API's JSON.

use std::time::Duration;

use clap::ValueEnum;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Columns for people.
    Table,
    /// What the API answered.
    Json,
    /// Only the ids, one a line.
    Name,
}

/// Print stores.
pub fn stores(form: Form, answer: &Value, stores: &[Value]) {
    print(form, answer, stores, || {
        let mut rows = vec![cells(["ID", "NAME", "STATUS", "AGE", "URL"])];
        rows.extend(stores.iter().map(|store| {
            vec![
                text(&store["id"]),
                text(&store["name"]),
                text(&store["status"]),
                age(&store["created_at"]),
                text(&store["url"]),
            ]
        }));
        rows
    });
}

/// Print operations.
pub fn operations(form: Form, answer: &Value, operations: &[Value]) {
    print(form, answer, operations, || {
        let mut rows = vec![cells(["ID", "STORE", "KIND", "STATUS", "AGE"])];
        rows.extend(operations.iter().map(|operation| {
            vec![
                text(&operation["id"]),
                text(&operation["store_id"]),
                text(&operation["kind"]),
                text(&operation["status"]),
                age(&operation["created_at"]),
            ]
        }));
        rows
    });
}

/// Print dead letters.
pub fn dead_letters(form: Form, answer: &Value, letters: &[Value]) {
    print(form, answer, letters, || {
        let mut rows = vec![cells(["ID", "QUEUE", "AGE", "REPLAYED", "REASON"])];
        rows.extend(letters.iter().map(|letter| {
            vec![
                text(&letter["id"]),
                text(&letter["queue"]),
                age(&letter["received_at"]),
                age(&letter["replayed_at"]),
                text(&letter["reason"]),
            ]
        }));
        rows
    });
}

fn print(form: Form, answer: &Value, items: &[Value], rows: impl Fn() -> Vec<Vec<String>>) {
    match form {
        Form::Json => println!("{answer:#}"),
        Form::Name => items
            .iter()
            .for_each(|item| println!("{}", text(&item["id"]))),
        Form::Table => table(&rows()),
    }
}

/// The items of a list's answer.
pub fn items(answer: &Value) -> Vec<Value> {
    answer["items"].as_array().cloned().unwrap_or_default()
}

/// What is known of one store beside its line: health, what is being done step by
/// step, and why something failed.
pub fn details(store: &Value) {
    let health = &store["health"];
    println!("\nhealth     {}", text(&health["status"]));
    for reason in health["reasons"].as_array().into_iter().flatten() {
        println!("           {}", text(&reason["message"]));
    }
    let operation = &store["operation"];
    let (kind, status) = (text(&operation["kind"]), text(&operation["status"]));
    println!("operation  {kind} {status}");
    steps(operation);
    let own = &store["failure"];
    if own.is_object() && !operation["failure"].is_object() {
        failure(own);
    }
}

/// An operation's steps with their durations, and its failure.
pub fn steps(operation: &Value) {
    for step in operation["steps"].as_array().into_iter().flatten() {
        let took = step["duration_ms"].as_u64().map(Duration::from_millis);
        let took = took.map_or_else(String::new, |took| format!("{:.1} s", took.as_secs_f64()));
        let waiting = text(&step["waiting"]["message"]);
        let line = format!(
            "  {:<12} {:<8} {took:>9}  {waiting}",
            text(&step["step"]),
            text(&step["outcome"])
        );
        println!("{}", line.trim_end());
    }
    if operation["failure"].is_object() {
        failure(&operation["failure"]);
    }
}

fn failure(failure: &Value) {
    println!("failure    {}", text(&failure["message"]));
    println!("           → {}", text(&failure["next_action"]));
}

fn cells<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

fn table(rows: &[Vec<String>]) {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or_default())
        .collect();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        println!("{}", cells.join("  ").trim_end());
    }
}

/// A JSON text as it is, anything else as nothing.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
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
