//! The contract as an OpenAPI 3.1 document. `api/openapi.json` is its committed
//! copy; a test compares them. Routes say what is theirs; what all have in common
//! is added in openapi/complete.rs.

mod complete;
mod examples;
mod headers;
mod links;
mod problems;
mod samples;

use utoipa::OpenApi;

use crate::openapi::complete::Completed;
use crate::routes;

#[derive(Debug, OpenApi)]
#[openapi(
    modifiers(&Completed),
    info(
        title = "Urumi Store Platform",
        description = "One call gives a tenant a WooCommerce store of its own on Kubernetes. Every error is \
            `application/problem+json` with a stable `code`; every answer carries `X-Request-Id`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    paths(
        routes::stores::create::handle,
        routes::stores::list::handle,
        routes::stores::counts::handle,
        routes::stores::show::handle,
        routes::stores::update::handle,
        routes::stores::upgrade::handle,
        routes::stores::life::rollback,
        routes::stores::life::suspend,
        routes::stores::life::resume,
        routes::stores::login::handle,
        routes::stores::retry::handle,
        routes::stores::cancel::handle,
        routes::stores::delete::handle,
        routes::stores::operations::handle,
        routes::stores::inside::pods,
        routes::stores::inside::logs,
        routes::events::all,
        routes::events::of_store,
        routes::audit::handle,
        routes::operations::handle,
        routes::dead_letters::list,
        routes::dead_letters::again,
        routes::reconciliation::show,
        routes::reconciliation::adopt,
        routes::reconciliation::purge,
        routes::audit_proof::verify,
        routes::audit_proof::export,
        routes::audit_proof::key,
        routes::session::open,
        routes::session::close,
        routes::whoami::handle,
        routes::keys::list,
        routes::keys::create,
        routes::keys::revoke,
        routes::tenants::list,
        routes::tenants::create,
        routes::tenants::update,
        routes::webhooks::list,
        routes::webhooks::create,
        routes::webhooks::show,
        routes::webhooks::update,
        routes::webhooks::rotate,
        routes::webhooks::delete,
        routes::webhook_deliveries::list,
        routes::webhook_deliveries::replay,
        routes::probes::healthz,
        routes::probes::readyz,
    ),
    components(schemas(crate::error::problem::Problem, crate::stream::view::EventView)),
    tags(
        (name = "stores", description = "Stores and their life."),
        (name = "operations", description = "What is being done about a store."),
        (name = "events", description = "What happens, as it happens."),
        (name = "webhooks", description = "Who is told of it by HTTP."),
        (name = "dead letters", description = "Messages that nobody could use."),
        (name = "reconciliation", description = "Records against the cluster."),
        (name = "audit", description = "What was asked for, by whom, and what became of it."),
        (name = "access", description = "Who may: keys and tenants."),
        (name = "probes", description = "For whoever runs the platform."),
    ),
)]
struct ApiDoc;

/// The document, as JSON text with a final newline.
#[must_use]
pub fn json() -> String {
    // Cannot fail: the document holds nothing that JSON cannot say.
    let mut text = ApiDoc::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
