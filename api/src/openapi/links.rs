//! Which answers lead to which operations: by the ids that they hold. Readers see
//! the ways through the API, and test programs walk them.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::{OpenApi, RefOr};

use crate::openapi::complete::operations;

/// What an answer's schema holds, and where the path begins that takes its id.
const LEADS: &[(&str, &str)] = &[
    ("StoreView", "/stores/{id}"),
    ("OperationView", "/operations/{id}"),
    ("KeyView", "/keys/{id}"),
    ("TenantView", "/tenants/{id}"),
    ("WebhookView", "/webhooks/{id}"),
    ("DeadLetterView", "/dead-letters/{id}"),
];

/// Add them to every granted answer.
pub fn add(document: &mut OpenApi) {
    let mut targets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, item) in &mut document.paths.paths {
        let lead = LEADS.iter().find(|(_, start)| {
            path.strip_prefix(start).is_some_and(|rest| {
                (rest.is_empty() || rest.starts_with('/')) && !rest.contains('{')
            })
        });
        let Some((schema, _)) = lead else { continue };
        for (_, operation) in operations(item) {
            targets
                .entry(schema)
                .or_default()
                .extend(operation.operation_id.clone());
        }
    }
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else {
                    continue;
                };
                if !status.starts_with('2') {
                    continue;
                }
                let Some((schema, place)) = held(response) else {
                    continue;
                };
                for target in targets.get(schema.as_str()).into_iter().flatten() {
                    let link = LinkBuilder::new()
                        .operation_id(target.as_str())
                        .parameter("id", json!(format!("$response.body#{place}")))
                        .build();
                    response.links.insert(target.clone(), RefOr::T(link));
                }
            }
        }
    }
}

/// The schema of the thing in an answer, and where its id is.
fn held(response: &utoipa::openapi::Response) -> Option<(String, &'static str)> {
    let RefOr::T(content) = response.content.get("application/json")? else {
        return None;
    };
    let Some(RefOr::Ref(schema)) = &content.schema else {
        return None;
    };
    let name = schema.ref_location.rsplit('/').next()?;
    Some(match name.strip_prefix("PageView_") {
        Some(item) => (item.to_owned(), "/items/0/id"),
        None => (name.to_owned(), "/id"),
    })
}
