//! Answers about stores that nothing happens to, kept as they were sent. One is sent
//! again only after Postgres said, since the request came, that the rows behind it are
//! the same versions still: who reads never sees less than what was committed before,
//! whichever replica committed it. What is asked at the same time is asked in one
//! statement.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use actix_web::rt;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use shared::ids::{StoreId, TenantId};
use shared::telemetry::chain;
use tokio::sync::oneshot;
use tokio::time::timeout;
use uuid::Uuid;

use crate::db::{Database, DbError, QUEUE_TIMEOUT};
use crate::http::etag::Tagged;
use crate::stores::Caller;
use crate::stores::find::VERSIONS;

/// What all of them may take, in bytes.
const ROOM: u64 = 4 << 20;
/// What an entry takes beside its body, about.
const BESIDE: u64 = 512;
/// Of how many stores one statement asks at most.
const AT_ONCE: usize = 100;

/// An answer, and what it was made from.
#[derive(Debug)]
pub struct Kept {
    tenant: TenantId,
    id: StoreId,
    versions: String,
    tagged: Tagged,
}

impl Kept {
    /// `versions`: of its rows ([`VERSIONS`]).
    pub fn new(caller: &Caller, id: StoreId, versions: String, tagged: Tagged) -> Self {
        Self {
            tenant: caller.tenant,
            id,
            versions,
            tagged,
        }
    }

    /// The answer.
    pub fn tagged(&self) -> &Tagged {
        &self.tagged
    }
}

/// Each weighs as many bytes as it takes.
#[derive(Debug, Clone)]
struct Size;

impl Weighter<StoreId, Arc<Kept>> for Size {
    fn weight(&self, _: &StoreId, kept: &Arc<Kept>) -> u64 {
        let body = u64::try_from(kept.tagged.len()).unwrap_or(ROOM);
        body + BESIDE
    }
}

/// Those that are kept: as many as find room, the ones that are asked for most.
#[derive(Debug, Clone)]
pub struct KeptAnswers(Arc<Cache<StoreId, Arc<Kept>, Size>>);

impl Default for KeptAnswers {
    fn default() -> Self {
        Self(Arc::new(Cache::with_weighter(1_000, ROOM, Size)))
    }
}

impl KeptAnswers {
    /// What was last told of that store to its tenant, and may hold still.
    pub fn known(&self, caller: &Caller, id: &StoreId) -> Option<Arc<Kept>> {
        self.0.get(id).filter(|kept| kept.tenant == caller.tenant)
    }

    /// Keep one, instead of an older one of the same store.
    pub fn keep(&self, kept: Kept) {
        self.0.insert(kept.id.clone(), Arc::new(kept));
    }
}

static STILL: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT wanted.id, found.versions FROM unnest($1::text[], $2::uuid[]) AS wanted (id, tenant),
    LATERAL (SELECT {VERSIONS} AS versions FROM stores s LEFT JOIN operations o ON o.id = s.current_operation_id
        WHERE s.id = wanted.id AND s.tenant_id = wanted.tenant OFFSET 0) AS found"
    )
});

#[derive(Debug)]
struct Question {
    kept: Arc<Kept>,
    answer: oneshot::Sender<Result<bool, DbError>>,
}

/// Of one thread: what is to be asked of Postgres next, and whether something is
/// being asked.
#[derive(Debug, Default)]
struct Asking {
    next: RefCell<Vec<Question>>,
    busy: Cell<bool>,
}

thread_local! {
    static ASKING: Rc<Asking> = Rc::default();
}

/// Whether the answer holds still.
///
/// # Errors
/// [`DbError::TimedOut`] while Postgres does not answer.
pub async fn holds(db: &Database, kept: &Arc<Kept>) -> Result<bool, DbError> {
    let (answer, answered) = oneshot::channel();
    let asking = ASKING.with(Rc::clone);
    let kept = Arc::clone(kept);
    asking.next.borrow_mut().push(Question { kept, answer });
    if !asking.busy.replace(true) {
        rt::spawn(Turn(asking).take(db.clone()));
    }
    match timeout(QUEUE_TIMEOUT, answered).await {
        Ok(Ok(held)) => held,
        Ok(Err(_)) | Err(_) => Err(DbError::TimedOut),
    }
}

/// Who asks for all; however it ends, nobody waits for it after that.
struct Turn(Rc<Asking>);

impl Turn {
    /// Ask until nothing is to be asked. What comes meanwhile is asked next, together.
    async fn take(self, db: Database) {
        loop {
            let questions = self.next();
            if questions.is_empty() {
                return;
            }
            let found = still(&db, &questions).await;
            if let Err(error) = &found {
                tracing::warn!(error = chain(error), "kept answers cannot be looked after");
            }
            for Question { kept, answer } in questions {
                let held = match &found {
                    Ok(versions) => Ok(versions.get(kept.id.as_str()) == Some(&kept.versions)),
                    Err(error) if error.unavailable() => Err(DbError::TimedOut),
                    // Reading the store as a whole tells what is wrong.
                    Err(_) => Ok(false),
                };
                let _ = answer.send(held);
            }
        }
    }

    fn next(&self) -> Vec<Question> {
        let mut next = self.0.next.borrow_mut();
        // Who has gone away waits for nothing.
        next.retain(|question| !question.answer.is_closed());
        let count = next.len().min(AT_ONCE);
        next.drain(..count).collect()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.busy.set(false);
        self.0.next.borrow_mut().clear();
    }
}

/// The versions now, by store. A store is one tenant's for ever.
async fn still(db: &Database, questions: &[Question]) -> Result<HashMap<String, String>, DbError> {
    let asked = questions.iter().map(|one| (&one.kept.id, one.kept.tenant));
    let asked: HashMap<&StoreId, TenantId> = asked.collect();
    let ids: Vec<String> = asked.keys().map(ToString::to_string).collect();
    let tenants: Vec<Uuid> = asked.values().map(|tenant| tenant.0).collect();
    db.read(async |connection| {
        let values = [ids.clone().into(), tenants.clone().into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, STILL.as_str(), values);
        let rows = connection.query_all_raw(statement).await?;
        let told = rows
            .iter()
            .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)));
        told.collect()
    })
    .await
}
