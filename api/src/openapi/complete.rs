//! What every operation of the document has in common, so that no route has to
//! say it: its problems, its headers, who may, and examples where none is given.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::Modify;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayItems, SchemaType};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, ContentBuilder, OpenApi, PathItem, Ref, RefOr, Required, ResponseBuilder, Schema,
    Type,
};

use crate::error::code::Code;
use crate::error::problem::PROBLEM_JSON;
use crate::openapi::links;
use crate::openapi::problems::Place;
use crate::openapi::{examples, headers, samples};

/// Each line or event is a value; no schema of OpenAPI 3.1 says that of the whole.
const BY_PARTS: &[&str] = &["application/jsonl", "text/event-stream"];

/// What parameters may be, by their names: tags (RFC 9110, 13.1.1), a label
/// (routes/stores/list.rs), a text to search for (the same).
const PATTERNS: &[(&str, &str)] = &[
    (
        "If-Match",
        r#"^(\*|(W/)?"[\t !#-~]*"([ \t]*,[ \t]*(W/)?"[\t !#-~]*")*)$"#,
    ),
    (
        "label",
        r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?:[^\u0000-\u001F\u007F-\u009F]{0,63}$",
    ),
    (
        "q",
        r"^[^\u0000-\u001F\u007F-\u009F]*[^\u0000-\u001F\u007F-\u009F\s!-/:-@\[-`{-~][^\u0000-\u001F\u007F-\u009F]*$",
    ),
];

/// Completes the document.
#[derive(Debug)]
pub struct Completed;

impl Modify for Completed {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Components::new);
        let schemas = json!(components.schemas);
        add_schemes(components);
        headers::add(components);
        name_items(components);
        let mut used = Vec::new();
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                used.extend(complete(method, path, operation, &schemas));
            }
        }
        for code in Code::ALL.iter().filter(|code| used.contains(code)) {
            let example = utoipa::openapi::example::ExampleBuilder::new()
                .summary(code.title())
                .value(Some(samples::problem(*code)));
            let example = RefOr::T(example.build());
            components
                .examples
                .insert(code.as_str().to_owned(), example);
        }
        links::add(document);
    }
}

/// A path's operations, with their methods.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem {
        get,
        post,
        patch,
        put,
        delete,
        ..
    } = item;
    [
        ("GET", get),
        ("POST", post),
        ("PATCH", patch),
        ("PUT", put),
        ("DELETE", delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Complete one operation; the codes that it can give.
fn complete(method: &str, path: &str, operation: &mut Operation, schemas: &Value) -> Vec<Code> {
    let key = operation.parameters.iter().flatten().any(is_key);
    let place = Place {
        method,
        path,
        // Who posts nothing may post an empty object too.
        body: matches!(method, "POST" | "PATCH" | "PUT"),
        key,
    };
    operation.security = Some(if place.asks_who() {
        let none: [String; 0] = [];
        vec![
            SecurityRequirement::new("key", none.clone()),
            SecurityRequirement::new("session", none),
        ]
    } else {
        Vec::new()
    });
    for parameter in operation.parameters.iter_mut().flatten() {
        exemplify(parameter, schemas);
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for content in body.content.values_mut() {
            let RefOr::T(content) = content else { continue };
            if let Some(wanted) = content.schema.as_ref().and_then(unless_null) {
                content.schema = Some(wanted);
                body.required = Some(Required::False);
            }
        }
        for content in body.content.values_mut() {
            fill(content, schemas);
        }
    }
    add_problems(place, operation);
    let kept = headers::of_kept(operation);
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        for (kind, content) in &mut response.content {
            fill(content, schemas);
            if let RefOr::T(content) = content
                && BY_PARTS.contains(&kind.as_str())
            {
                content.schema = None;
            }
        }
        headers::name(place, &kept, status, response);
    }
    place.codes().collect()
}

/// A page's items are what they are elsewhere.
fn name_items(components: &mut Components) {
    let names: Vec<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        let item = name
            .strip_prefix("PageView_")
            .filter(|item| names.iter().any(|name| name == item));
        let (Some(item), RefOr::T(Schema::Object(page))) = (item, schema) else {
            continue;
        };
        if let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items") {
            items.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
        }
    }
}

/// A body that may be left out is no `null`.
fn unless_null(schema: &RefOr<Schema>) -> Option<RefOr<Schema>> {
    let RefOr::T(Schema::OneOf(choice)) = schema else {
        return None;
    };
    let mut refs = choice
        .items
        .iter()
        .filter(|item| matches!(item, RefOr::Ref(_)));
    refs.next().cloned()
}

fn is_key(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.name == "Idempotency-Key")
}

/// What may be left out is no `null`; and an example where none is given. Of a
/// cursor it would be one that no list gave out.
fn exemplify(parameter: &mut RefOr<Parameter>, schemas: &Value) {
    let RefOr::T(inner) = parameter else { return };
    if let Some(RefOr::T(Schema::Object(object))) = &mut inner.schema
        && let SchemaType::Array(types) = &object.schema_type
        && let [kind] = types
            .iter()
            .filter(|kind| **kind != Type::Null)
            .collect::<Vec<_>>()[..]
    {
        object.schema_type = SchemaType::Type(kind.clone());
    }
    if let Some(wanted) = inner.schema.as_ref().and_then(unless_null) {
        inner.schema = Some(wanted);
    }
    let pattern = PATTERNS.iter().find(|(name, _)| *name == inner.name);
    if let (Some((_, pattern)), Some(RefOr::T(schema))) = (pattern, &mut inner.schema) {
        bound(schema, pattern);
    }
    if inner.name == "cursor" || !json!(inner)["example"].is_null() {
        return;
    }
    let example = match inner.parameter_in {
        ParameterIn::Header if inner.name == "Idempotency-Key" => json!("order-4711"),
        ParameterIn::Header if inner.name == "If-Match" => json!("*"),
        _ => examples::of(&json!(inner.schema), schemas),
    };
    let with = ParameterBuilder::from(inner.clone()).example(Some(example));
    *inner = with.build();
}

/// Texts, or each of several, are of that form.
fn bound(schema: &mut Schema, pattern: &str) {
    match schema {
        Schema::Object(object) => object.pattern = Some(pattern.to_owned()),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items
                && let RefOr::T(items) = items.as_mut()
            {
                bound(items, pattern);
            }
        }
        _ => {}
    }
}

fn fill(content: &mut RefOr<utoipa::openapi::Content>, schemas: &Value) {
    let RefOr::T(content) = content else { return };
    if content.example.is_none() && content.examples.is_empty() {
        content.example = Some(examples::of(&json!(content.schema), schemas));
    }
}

/// One answer for each status, with an example for each code that it can have.
fn add_problems(place: Place<'_>, operation: &mut Operation) {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in place.codes() {
        by_status
            .entry(code.status().as_u16())
            .or_default()
            .push(code);
    }
    for (status, codes) in by_status {
        let titles: Vec<&str> = codes.iter().map(|code| code.title()).collect();
        let examples = codes.iter().map(|code| {
            let path = format!("#/components/examples/{}", code.as_str());
            (
                code.as_str().to_owned(),
                RefOr::<utoipa::openapi::example::Example>::Ref(Ref::new(path)),
            )
        });
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .examples_from_iter(examples)
            .build();
        let response = ResponseBuilder::new()
            .description(format!("{}.", titles.join(", or: ")))
            .content(PROBLEM_JSON, content)
            .build();
        let responses = &mut operation.responses.responses;
        responses.insert(status.to_string(), RefOr::T(response));
    }
}

fn add_schemes(components: &mut Components) {
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "An API key, or a token of the OpenID Connect issuer that this server was told. \
             In local mode none is needed.",
        ))
        .build();
    let session = ApiKeyValue::with_description(
        "urumi_session",
        "A browser's session, opened by `POST /session`; in production `__Host-urumi_session`.",
    );
    let schemes = [
        ("key", SecurityScheme::Http(key)),
        ("session", SecurityScheme::ApiKey(ApiKey::Cookie(session))),
    ];
    for (name, scheme) in schemes {
        components
            .security_schemes
            .insert(name.to_owned(), RefOr::T(scheme));
    }
}
