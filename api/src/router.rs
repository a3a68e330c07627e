//! Every path of the api on one screen.

use actix_web::http::Method;
use actix_web::middleware::Compress;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};

use crate::error::ApiError;
use crate::http::dashboard;
use crate::routes::{
    audit, audit_proof, dead_letters, docs, events, keys, operations, probes, reconciliation,
    session, stores, tenants, webhook_deliveries, webhooks, whoami,
};

/// The routes; what is not here is a problem.
pub fn configure(config: &mut ServiceConfig) {
    const GET: &[Method] = &[Method::GET];
    const POST: &[Method] = &[Method::POST];
    config
        .app_data(Data::new(docs::config()))
        .service(
            at("/stores", &[Method::GET, Method::POST])
                .route(web::get().to(stores::list::handle))
                .route(web::post().to(stores::create::handle)),
        )
        .service(at("/stores/events", GET).route(web::get().to(events::all)))
        .service(at("/stores/{id}/events", GET).route(web::get().to(events::of_store)))
        .service(at("/stores/counts", GET).route(web::get().to(stores::counts::handle)))
        .service(at("/stores/audit/logs", GET).route(web::get().to(audit::handle)))
        .service(
            at(
                "/stores/{id}",
                &[Method::GET, Method::PATCH, Method::DELETE],
            )
            .route(web::get().to(stores::show::handle))
            .route(web::patch().to(stores::update::handle))
            .route(web::delete().to(stores::delete::handle)),
        )
        .service(
            at("/stores/{id}/operations", GET).route(web::get().to(stores::operations::handle)),
        )
        .service(at("/stores/{id}/pods", GET).route(web::get().to(stores::inside::pods)))
        .service(at("/stores/{id}/logs", GET).route(web::get().to(stores::inside::logs)))
        .service(at("/stores/{id}/retry", POST).route(web::post().to(stores::retry::handle)))
        .service(at("/stores/{id}/cancel", POST).route(web::post().to(stores::cancel::handle)))
        .service(at("/stores/{id}/upgrade", POST).route(web::post().to(stores::upgrade::handle)))
        .service(at("/stores/{id}/rollback", POST).route(web::post().to(stores::life::rollback)))
        .service(at("/stores/{id}/suspend", POST).route(web::post().to(stores::life::suspend)))
        .service(at("/stores/{id}/resume", POST).route(web::post().to(stores::life::resume)))
        .service(at("/stores/{id}/login-link", POST).route(web::post().to(stores::login::handle)))
        .service(at("/operations/{id}", GET).route(web::get().to(operations::handle)))
        .service(at("/dead-letters", GET).route(web::get().to(dead_letters::list)))
        .service(at("/dead-letters/{id}/replay", POST).route(web::post().to(dead_letters::again)))
        .service(at("/reconciliation", GET).route(web::get().to(reconciliation::show)))
        .service(at("/reconciliation/adopt", POST).route(web::post().to(reconciliation::adopt)))
        .service(at("/reconciliation/purge", POST).route(web::post().to(reconciliation::purge)))
        .configure(access)
        .configure(told_by_http)
        .service(at("/healthz", GET).route(web::get().to(probes::healthz)))
        .service(at("/readyz", GET).route(web::get().to(probes::readyz)))
        .service(at("/openapi.json", GET).route(web::get().to(docs::document)))
        .service(at("/docs", GET).route(web::get().to(docs::redirect)))
        .service(at("/docs/problems", GET).route(web::get().to(docs::problems)))
        .service(at("/docs/{file:.*}", GET).route(web::get().to(docs::page)))
        .service(at("/", GET).route(web::get().to(dashboard::index)))
        .service(at("/ui/{page:.*}", GET).route(web::get().to(dashboard::index)))
        .service(
            at("/assets/{file:.+}", GET)
                .wrap(Compress::default())
                .route(web::get().to(dashboard::asset)),
        )
        .default_service(web::to(nothing_here));
}

/// Who may.
fn access(config: &mut ServiceConfig) {
    const BOTH: &[Method] = &[Method::GET, Method::POST];
    config
        .service(at("/audit/verify", &[Method::GET]).route(web::get().to(audit_proof::verify)))
        .service(at("/audit/export", &[Method::GET]).route(web::get().to(audit_proof::export)))
        .service(at("/audit/key", &[Method::GET]).route(web::get().to(audit_proof::key)))
        .service(
            at("/session", &[Method::POST, Method::DELETE])
                .route(web::post().to(session::open))
                .route(web::delete().to(session::close)),
        )
        .service(at("/whoami", &[Method::GET]).route(web::get().to(whoami::handle)))
        .service(
            at("/keys", BOTH)
                .route(web::get().to(keys::list))
                .route(web::post().to(keys::create)),
        )
        .service(at("/keys/{id}", &[Method::DELETE]).route(web::delete().to(keys::revoke)))
        .service(
            at("/tenants", BOTH)
                .route(web::get().to(tenants::list))
                .route(web::post().to(tenants::create)),
        )
        .service(at("/tenants/{id}", &[Method::PATCH]).route(web::patch().to(tenants::update)));
}

/// Who is told.
fn told_by_http(config: &mut ServiceConfig) {
    const ONE: &[Method] = &[Method::GET, Method::PATCH, Method::DELETE];
    config
        .service(
            at("/webhooks", &[Method::GET, Method::POST])
                .route(web::get().to(webhooks::list))
                .route(web::post().to(webhooks::create)),
        )
        .service(
            at("/webhooks/{id}", ONE)
                .route(web::get().to(webhooks::show))
                .route(web::patch().to(webhooks::update))
                .route(web::delete().to(webhooks::delete)),
        )
        .service(
            at("/webhooks/{id}/rotate", &[Method::POST]).route(web::post().to(webhooks::rotate)),
        )
        .service(
            at("/webhooks/{id}/deliveries", &[Method::GET])
                .route(web::get().to(webhook_deliveries::list)),
        )
        .service(
            at(
                "/webhooks/{id}/deliveries/{delivery}/replay",
                &[Method::POST],
            )
            .route(web::post().to(webhook_deliveries::replay)),
        );
}

/// A path; any other method of it is answered with 405 and what is allowed.
fn at(path: &str, allowed: &'static [Method]) -> Resource {
    let refuse = move |request: HttpRequest| {
        let method = request.method().clone();
        async move { Err::<HttpResponse, _>(ApiError::MethodNotAllowed { method, allowed }) }
    };
    web::resource(path).default_service(web::to(refuse))
}

async fn nothing_here(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Err(ApiError::PathNotFound(
        request.path().chars().take(200).collect(),
    ))
}
