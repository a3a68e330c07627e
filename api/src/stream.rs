//! What happens, as it happens, to whoever watches: rows of `stream_events`, in
//! the order of their positions (docs/adr/0007). Read from the table alone; a
//! notification only says that it is time to look. Knows no HTTP.

pub mod feed;
pub mod rows;
pub mod seats;
pub mod tail;
pub mod view;

use shared::contract::observation::Health;
use shared::ids::{StoreId, TenantId};
use shared::store_status::StoreStatus;

use crate::entity::stream_event::Model;

macro_rules! kinds {
    ($($name:ident $text:literal;)*) => {
        /// The kind of an event. Names are stable; more may come.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $($name,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    StatusChanged "store.status_changed";
    HealthChanged "store.health_changed";
    StoreChanged "store.changed";
    OperationChanged "operation.changed";
    StepMoved "operation.step";
}

impl Kind {
    /// The kind of that name.
    ///
    /// # Errors
    /// A sentence with the known ones.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|kind| kind.as_str() == text);
        known.copied().ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            format!("must be of `{}`", known.join("`, `"))
        })
    }
}

/// Which events are wanted. The tenant is part of it: there is no way to ask for all.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    pub tenant: TenantId,
    pub store: Option<StoreId>,
    /// Any, where none is named.
    pub kinds: Vec<Kind>,
    /// The store's, after the event.
    pub status: Option<StoreStatus>,
    pub health: Option<Health>,
}

impl Filter {
    /// Whether an event is wanted.
    pub fn wants(&self, event: &Model) -> bool {
        let store = self.store.as_ref();
        let (status, health) = (self.status, self.health);
        event.tenant_id == self.tenant.0
            && store.is_none_or(|store| store.as_str() == event.store_id)
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.as_str() == event.kind))
            && status.is_none_or(|status| status.as_str() == event.status)
            && health.is_none_or(|health| health.as_str() == event.health)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_event_is_wanted_when_all_of_the_filter_fits_and_never_of_another_tenant() {
        let mine = TenantId(Uuid::from_u128(7));
        let store: StoreId = "store-k7q2mx".parse().unwrap();
        let other: StoreId = "store-zzzzzz".parse().unwrap();
        let event = Model {
            position: 1,
            at: OffsetDateTime::UNIX_EPOCH,
            kind: "operation.step".to_owned(),
            tenant_id: mine.0,
            store_id: store.to_string(),
            operation_id: None,
            status: "Ready".to_owned(),
            health: "Degraded".to_owned(),
            facts: json!({}),
        };
        let all = Filter {
            tenant: mine,
            store: None,
            kinds: Vec::new(),
            status: None,
            health: None,
        };
        let with = |change: &dyn Fn(&mut Filter)| {
            let mut filter = all.clone();
            change(&mut filter);
            filter.wants(&event)
        };
        assert!(all.wants(&event));
        assert!(with(&|filter| filter.store = Some(store.clone())));
        assert!(!with(&|filter| filter.store = Some(other.clone())));
        assert!(with(&|filter| filter.kinds = vec![Kind::StepMoved]));
        assert!(!with(&|filter| filter.kinds = vec![Kind::StatusChanged]));
        assert!(with(&|filter| filter.status = Some(StoreStatus::Ready)));
        assert!(!with(&|filter| filter.status = Some(StoreStatus::Failed)));
        assert!(with(&|filter| filter.health = Some(Health::Degraded)));
        assert!(!with(&|filter| filter.health = Some(Health::Healthy)));
        assert!(!with(&|filter| filter.tenant = TenantId(Uuid::nil())));
    }

    #[test]
    fn kinds_are_those_that_the_migration_writes() {
        let migration = include_str!("../migrations/20261124031000_stream.sql");
        for kind in Kind::ALL {
            assert!(migration.contains(&format!("stream_append('{}'", kind.as_str())));
            assert_eq!(Kind::parse(kind.as_str()), Ok(*kind));
        }
        let written = migration.matches("PERFORM stream_append('").count();
        assert_eq!(written, Kind::ALL.len());
        assert!(Kind::parse("x").unwrap_err().contains("operation.step"));
    }
}
