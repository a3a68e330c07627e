//! What is printed on standard output: a table for people, or the API's JSON.

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
    match form {
        Form::Json => println!("{answer:#}"),
        Form::Name => stores
            .iter()
            .for_each(|store| println!("{}", text(&store["id"]))),
        Form::Table => table(stores),
    }
}

fn table(stores: &[Value]) {
    let mut rows = vec![["ID", "NAME", "STATUS", "AGE", "URL"].map(str::to_owned)];
    rows.extend(stores.iter().map(|store| {
        [
            text(&store["id"]),
            text(&store["name"]),
            text(&store["status"]),
            age(&store["created_at"]),
            text(&store["url"]),
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..5)
        .map(|column| width(column).unwrap_or_default())
        .collect();
    for row in &rows {
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
