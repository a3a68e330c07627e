//! The contract, and whether an answer or an example is what it says. Knows as
//! much of JSON Schema as the document uses; a word it does not know is a fault.

use serde_json::Value;

/// The document.
pub struct Document(pub Value);

/// An operation in it.
pub struct Operation<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub raw: &'a Value,
}

impl Document {
    pub fn read() -> Self {
        Self(serde_json::from_str(&api::openapi::json()).unwrap())
    }

    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, item)| {
            let operations = item.as_object().unwrap().iter();
            operations.map(move |(method, raw)| Operation { method, path, raw })
        })
    }

    /// What a `$ref` stands for, or the value itself.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(path) => {
                let found = self.0.pointer(path.trim_start_matches('#'));
                found.unwrap_or_else(|| panic!("{path} leads nowhere"))
            }
            None => value,
        }
    }

    /// Every complaint about a value that shall be what a schema says.
    pub fn complaints(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut complaints = Vec::new();
        self.check(schema, value, "", &mut complaints);
        complaints
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, complaints: &mut Vec<String>) {
        let Some(rules) = schema.as_object() else {
            return;
        };
        let mut wrong = |what: String| complaints.push(format!("{at}: {what}, is {value}"));
        for (word, rule) in rules {
            let fits = match word.as_str() {
                "description" | "example" | "examples" | "default" | "title" | "format"
                | "contentMediaType" => true,
                // Patterns are checked by the linter, which has JavaScript's own.
                "pattern" => value.is_string() || value.is_null(),
                "$ref" => {
                    self.check(self.resolve(schema), value, at, complaints);
                    return;
                }
                "type" => is_of(rule, value),
                "enum" => rule.as_array().unwrap().contains(value),
                "const" => rule == value,
                "minimum" => value
                    .as_f64()
                    .is_none_or(|number| number >= rule.as_f64().unwrap()),
                "maximum" => value
                    .as_f64()
                    .is_none_or(|number| number <= rule.as_f64().unwrap()),
                "minLength" => value
                    .as_str()
                    .is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap()),
                "maxLength" => value
                    .as_str()
                    .is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().unwrap()),
                "minItems" => value
                    .as_array()
                    .is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
                "maxItems" => value
                    .as_array()
                    .is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap()),
                "maxProperties" => value
                    .as_object()
                    .is_none_or(|fields| fields.len() as u64 <= rule.as_u64().unwrap()),
                "required" => value.as_object().is_none_or(|fields| {
                    rule.as_array()
                        .unwrap()
                        .iter()
                        .all(|name| fields.contains_key(name.as_str().unwrap()))
                }),
                "oneOf" | "anyOf" => {
                    let mut fitting = rule.as_array().unwrap().iter();
                    fitting.any(|choice| self.complaints(choice, value).is_empty())
                }
                "allOf" | "properties" | "items" | "additionalProperties" | "propertyNames" => true,
                other => {
                    panic!("the schema at {at} says `{other}`, which this check does not know")
                }
            };
            if !fits {
                wrong(format!("must fit {word} {rule}"));
            }
        }
        for part in rules
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.check(part, value, at, complaints);
        }
        for (place, item) in value.as_array().into_iter().flatten().enumerate() {
            if let Some(rule) = rules.get("items") {
                self.check(rule, item, &format!("{at}/{place}"), complaints);
            }
        }
        for (name, field) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            if let Some(rule) = rules.get("propertyNames") {
                self.check(rule, &Value::from(name.as_str()), &at, complaints);
            }
            match (
                rules.get("properties").and_then(|known| known.get(name)),
                rules.get("additionalProperties"),
            ) {
                (Some(rule), _) => self.check(rule, field, &at, complaints),
                (None, Some(Value::Bool(false))) => {
                    complaints.push(format!("{at}: is not a known field"))
                }
                (None, Some(rule)) => self.check(rule, field, &at, complaints),
                // Answers of this build name every field that they have.
                (None, None) if rules.contains_key("properties") => {
                    complaints.push(format!("{at}: is not a field that the contract names"));
                }
                (None, None) => {}
            }
        }
    }
}

fn is_of(rule: &Value, value: &Value) -> bool {
    let kinds: Vec<&str> = match rule {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    kinds.iter().any(|kind| match *kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("an unknown type: {other}"),
    })
}

/// Whether an answer is one that the contract knows: its status, its content
/// type, its shape and, of a problem, its code. `None` if it is.
pub fn strange(path: &str, status: u16, content_type: &str, text: &str) -> Option<String> {
    static DOCUMENT: std::sync::LazyLock<Document> = std::sync::LazyLock::new(Document::read);
    let json: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let of_none = matches!(
        json["code"].as_str(),
        Some("path_not_found" | "method_not_allowed")
    );
    let template = template(&DOCUMENT, path);
    if of_none || template.is_none() {
        return None;
    }
    let candidates = DOCUMENT
        .operations()
        .filter(|operation| Some(operation.path) == template);
    let mut why = vec![format!("{status} is no status of {path}")];
    for operation in candidates {
        let answer = &operation.raw["responses"][status.to_string()];
        if answer.is_null() {
            continue;
        }
        let essence = content_type.split(';').next().unwrap_or_default();
        let content = &answer["content"];
        let complaints = match (content[essence].is_object(), content.is_null()) {
            (true, _) if essence.ends_with("json") && !text.is_empty() => {
                DOCUMENT.complaints(&content[essence]["schema"], &json)
            }
            (true, _) => Vec::new(),
            (false, true) if text.is_empty() => Vec::new(),
            (false, _) => vec![format!("`{content_type}` is no content of it")],
        };
        let code = json["code"].as_str().unwrap_or_default();
        let unknown =
            essence == "application/problem+json" && content[essence]["examples"][code].is_null();
        if complaints.is_empty() && !unknown {
            return None;
        }
        why.extend(complaints);
        if unknown {
            why.push(format!("the code `{code}` is not named"));
        }
    }
    Some(format!("{path}: {}\n{text}", why.join("; ")))
}

/// The path of the document that leads there; one without a parameter first.
fn template<'a>(document: &'a Document, path: &str) -> Option<&'a str> {
    let fits = |template: &str| {
        let (mut theirs, mut ours) = (template.split('/'), path.split('/'));
        loop {
            match (theirs.next(), ours.next()) {
                (None, None) => return true,
                (Some(part), Some(given))
                    if part == given || (part.starts_with('{') && !given.is_empty()) => {}
                _ => return false,
            }
        }
    };
    let paths = document.0["paths"].as_object()?;
    let all = paths
        .keys()
        .map(String::as_str)
        .filter(|template| fits(template));
    all.min_by_key(|template| template.matches('{').count())
}
