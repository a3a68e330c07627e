//! The running program: HTTP, and the tasks behind it. HTTP answers at once;
//! the tasks begin when the database is there, however long that takes.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::rt;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use shared::amqp::{Asker, Publisher};
use shared::backoff::Backoff;
use shared::telemetry::chain;
use shared::wait::pause;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::access::oidc::Oidc;
use crate::audit::sign::{NoSeed, Signer};
use crate::db::{Database, DbError};
use crate::http::kept::KeptAnswers;
use crate::http::peer::InvalidProxy;
use crate::http::rates::Rates;
use crate::http::state::AppState;
use crate::http::{authenticate, connection, local_guard, request_id};
use crate::metrics::look::Look;
use crate::observer::Observer;
use crate::outbox::relay::Relay;
use crate::projector::{Projector, dead_letters};
use crate::pulse::Pulse;
use crate::settings::{Login, Refused, Settings};
use crate::stream::feed::Feed;
use crate::stream::seats::Seats;
use crate::watchdog::Watchdog;
use crate::webhooks::courier::Courier;
use crate::webhooks::{NoWebhooks, Webhooks};
use crate::{migrate, retention, router};

/// How long the end may take: requests in hand, the batch, the event.
const GRACE: Duration = Duration::from_secs(10);

/// How long saying goodbye to the database may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// For the feed, which has a listener too.
const CONNECTIONS_OF_FEED: u32 = 1;

/// For the relay, which claims and marks at once, and has a listener too.
const CONNECTIONS_OF_RELAY: u32 = 2;

/// Connections for the projector, the watchdog and the rest.
const CONNECTIONS_BEHIND: u32 = 3;

/// The program cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings may not be served with.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// URUMI_TRUSTED_PROXIES names none.
    #[error("URUMI_TRUSTED_PROXIES cannot be used")]
    Proxies(#[from] InvalidProxy),
    /// The audit cannot be signed.
    #[error(transparent)]
    Signer(#[from] NoSeed),
    /// No webhooks can be sent.
    #[error(transparent)]
    Webhooks(#[from] NoWebhooks),
    /// DATABASE_URL is none.
    #[error(transparent)]
    Database(#[from] DbFault),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: stop what uses it, or set URUMI_LISTEN to another address")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The address for the numbers cannot be listened on.
    #[error("cannot listen on {0}: set URUMI_METRICS_LISTEN to a free address, or to `off`")]
    Numbers(SocketAddr, #[source] std::io::Error),
}

/// A fault of the database, as it is shown outside this crate.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DbFault(DbError);

impl From<DbError> for DbFault {
    fn from(error: DbError) -> Self {
        Self(error)
    }
}

/// A bound server that has not answered yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    state: AppState,
    /// For everything but requests.
    behind: Database,
    watched: Database,
    relayed: Database,
    /// Where the numbers are told, if anywhere.
    numbers: Option<TcpListener>,
}

impl Server {
    /// Check the settings and take the port.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn bind(mut settings: Settings) -> Result<Self, StartError> {
        settings.check()?;
        let logins = Signer::of_logins(&settings.access.login_signing_key)?;
        settings.engine.login_key = logins.as_ref().map(|signer| signer.public_key().into());
        let db = Database::lazy(
            &settings.base.database_url,
            settings.base.database_connections,
        )
        .map_err(|error| StartError::Database(DbFault(error)))?;
        let behind = db
            .beside(&settings.base.database_url, CONNECTIONS_BEHIND)
            .map_err(|error| StartError::Database(DbFault(error)))?;
        let watched = db
            .beside(&settings.base.database_url, CONNECTIONS_OF_FEED)
            .map_err(|error| StartError::Database(DbFault(error)))?;
        let relayed = db
            .for_relay(&settings.base.database_url, CONNECTIONS_OF_RELAY)
            .map_err(|error| StartError::Database(DbFault(error)))?;
        let address = settings.http.listen;
        let listener =
            TcpListener::bind(address).map_err(|error| StartError::Listen(address, error))?;
        let numbers = match settings.http.metrics_listen {
            Some(address) => Some(listen_for_numbers(address)?),
            None => None,
        };
        let access = settings.access.clone();
        let trusted = access.trusted_proxies.parse()?;
        let signer = Signer::of(&settings.access.audit_signing_key)?;
        if !signer.lasting && settings.access.login == Login::Required {
            tracing::warn!(
                "exports of the audit are signed with a key that ends with this process; set URUMI_AUDIT_SIGNING_KEY"
            );
        }
        let webhooks = Webhooks::of(&settings)?;
        if !webhooks.vault.seals() && settings.access.login == Login::Required {
            tracing::warn!(
                "secrets of webhooks stand in the database as they are; set URUMI_WEBHOOK_SECRET_KEY"
            );
        }
        Ok(Self {
            listener,
            state: AppState {
                db,
                feed: Feed::default(),
                webhooks,
                seats: Seats::new(
                    settings.stream.stream_max,
                    settings.stream.stream_max_per_caller,
                ),
                rates: Rates::of(access.rate_limit_per_second, access.rate_limit_burst),
                strangers: Rates::of(
                    access.stranger_limit_per_second,
                    access.stranger_limit_burst,
                ),
                oidc: Oidc::of(&settings.oidc),
                trusted,
                asker: Arc::new(Asker::new(
                    settings.base.amqp_url.clone(),
                    "urumi-api questions",
                )),
                settings,
                pulse: Pulse::default(),
                signer,
                logins,
                kept: KeptAnswers::default(),
            },
            behind,
            watched,
            relayed,
            numbers,
        })
    }

    /// Where it answers.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where the numbers are told, if anywhere.
    #[must_use]
    pub fn numbers_address(&self) -> Option<SocketAddr> {
        self.numbers.as_ref()?.local_addr().ok()
    }

    /// Answer until stopped, then end in order.
    ///
    /// # Errors
    /// The system's.
    pub async fn run(self, stop: CancellationToken) -> std::io::Result<()> {
        let address = self.address()?;
        let state = Data::new(self.state);
        let shared = state.clone();
        let http = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .wrap(from_fn(authenticate::layer))
                .wrap(from_fn(local_guard::layer))
                .wrap(from_fn(request_id::layer))
                .configure(router::configure)
        })
        .on_connect(connection::bounded(
            state.settings.stream.stream_stall_seconds,
        ))
        .workers(state.settings.http.http_workers.max(1))
        .worker_max_blocking_threads(2)
        .shutdown_timeout(GRACE.as_secs())
        .disable_signals()
        .listen(self.listener)?
        .run();
        tracing::info!("listening on http://{address}");

        let db = state.db.clone();
        let handle = http.handle();
        let behind = self.behind;
        let feed = state.feed.clone();
        let watched = self.watched;
        let publisher = state.settings.base.amqp_url.clone();
        let publisher = Arc::new(Publisher::new(publisher, "urumi-api relay"));
        if let Some(listener) = self.numbers {
            let look = Look {
                requests: db.clone(),
                work: behind.clone(),
                publisher: Arc::clone(&publisher),
                pulse: state.pulse.clone(),
                last: Arc::default(),
            };
            rt::spawn(look.serve(tokio::net::TcpListener::from_std(listener)?, stop.clone()));
        }
        let relayed = self.relayed;
        let databases = (behind.clone(), watched.clone(), relayed.clone());
        let tasks = rt::spawn(work(state, databases, publisher, stop.clone()));
        rt::spawn(async move {
            stop.cancelled().await;
            // Streams have no end of their own; who watches comes back elsewhere.
            feed.closing().cancel();
            handle.stop(true).await;
        });
        http.await?;
        if timeout(GRACE, tasks).await.is_err() {
            tracing::warn!("some work did not end in time; it is done again at the next start");
        }
        // A connection that hangs is left to the system.
        let _ = timeout(CLOSE_TIMEOUT, async {
            tokio::join!(db.close(), behind.close(), watched.close(), relayed.close())
        })
        .await;
        tracing::info!("stopped");
        Ok(())
    }
}

fn listen_for_numbers(address: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(address).map_err(|e| StartError::Numbers(address, e))?;
    let set = listener.set_nonblocking(true);
    set.map_err(|error| StartError::Numbers(address, error))?;
    Ok(listener)
}

/// Everything but HTTP.
async fn work(
    state: Data<AppState>,
    (db, watched, relayed): (Database, Database, Database),
    publisher: Arc<Publisher>,
    stop: CancellationToken,
) {
    if !prepare(&state, &stop).await {
        return;
    }
    let AppState {
        settings,
        pulse,
        feed,
        webhooks,
        ..
    } = (**state).clone();
    let (amqp_url, engine) = (settings.base.amqp_url, settings.engine);
    let projector = Projector {
        db: db.clone(),
        amqp_url: amqp_url.clone(),
        engine: engine.clone(),
        pulse: pulse.clone(),
    };
    let relay = Relay {
        db: relayed,
        publisher,
        in_flight: engine.commands_in_flight,
        pulse: pulse.clone(),
    };
    let observer = Observer {
        db: db.clone(),
        amqp_url: amqp_url.clone(),
        installation: settings.base.installation,
    };
    let courier = Courier {
        db: db.clone(),
        feed: feed.clone(),
        sender: webhooks.sender,
        vault: webhooks.vault,
        settings: settings.webhooks,
    };
    let dead_letters = dead_letters::run(projector.clone(), stop.clone());
    let retention = retention::run(db.clone(), stop.clone());
    let watchdog = Watchdog::new(db, amqp_url, engine, pulse);
    tokio::join!(
        relay.run(stop.clone()),
        projector.run(stop.clone()),
        observer.run(stop.clone()),
        feed.run(watched, stop.clone()),
        courier.run(stop.clone()),
        watchdog.run(stop),
        dead_letters,
        retention,
    );
}

/// Wait for the database and its tables, made here or elsewhere; `false` if stopped
/// before.
async fn prepare(state: &AppState, stop: &CancellationToken) -> bool {
    let base = &state.settings.base;
    let mut failures = 0;
    loop {
        match migrate::prepare(&base.database_url, base.migrations).await {
            Ok(()) => {
                state.db.mark_migrated();
                tracing::info!("the database is ready");
                return true;
            }
            Err(error) => {
                failures += 1;
                tracing::warn!(error = chain(&error), "waiting for the database");
                if !pause(Backoff::RECONNECT.jittered(failures), stop).await {
                    return false;
                }
            }
        }
    }
}
