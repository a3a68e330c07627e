//! What is printed: a table for people, or the API's own answer. Builds text;
//! writes nothing.

mod details;
mod table;

use clap::ValueEnum;
use serde_json::Value;

pub use self::details::{inside, operation as operation_details, store as store_details};
pub use self::table::{
    audit, dead_letters, differences, keys, operations, plain, seconds, stores, tenants,
};
use crate::exit::Failed;

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Columns for people.
    Table,
    /// The same with more columns.
    Wide,
    /// What the API answered, as JSON.
    Json,
    /// What the API answered, as YAML.
    Yaml,
    /// Only the ids, one a line.
    Name,
}

impl Form {
    /// Whether it is made for people.
    pub fn for_people(self) -> bool {
        matches!(self, Self::Table | Self::Wide)
    }

    /// The answer as the API gave it; `None` where the form wants another.
    ///
    /// # Errors
    /// That it cannot be written as YAML.
    fn as_answered(self, answer: &Value) -> Result<Option<String>, Failed> {
        match self {
            Self::Json => Ok(Some(format!("{answer:#}"))),
            Self::Yaml => serde_saphyr::to_string(answer)
                .map(|text| Some(text.trim_end().to_owned()))
                .map_err(|error| Failed::new(format!("the answer is no YAML: {error}"))),
            Self::Table | Self::Wide | Self::Name => Ok(None),
        }
    }
}

/// The answer in a form that keeps all of it; as JSON where the form keeps less.
///
/// # Errors
/// That it cannot be written as YAML.
pub fn whole(form: Form, answer: &Value) -> Result<String, Failed> {
    Ok(form
        .as_answered(answer)?
        .unwrap_or_else(|| format!("{answer:#}")))
}

/// The items of a list's answer.
pub fn items(answer: &Value) -> &[Value] {
    answer["items"].as_array().map_or(&[], Vec::as_slice)
}

/// A JSON text or number as it is, anything else as nothing.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_yaml_are_what_the_api_answered() {
        let answer =
            json!({"items": [{"id": "store-k7q2mx", "name": "yes: no"}], "next_cursor": null});
        for form in [Form::Json, Form::Yaml] {
            let printed = form.as_answered(&answer).unwrap().unwrap();
            let read: Value = match form {
                Form::Json => serde_json::from_str(&printed).unwrap(),
                _ => serde_saphyr::from_str(&printed).unwrap(),
            };
            assert_eq!(read, answer, "{printed}");
        }
        assert_eq!(Form::Table.as_answered(&answer).unwrap(), None);
    }
}
