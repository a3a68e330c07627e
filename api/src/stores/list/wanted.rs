//! Which stores a list shows and in what order, and the place of a row in it. Pure.

use shared::contract::observation::Health;
use shared::ids::{StoreId, TenantId};
use shared::plan::Plan;
use shared::store_status::StoreStatus;
use time::OffsetDateTime;

use crate::paging::{Key, Listing, read_moment, write_moment};

/// Which stores.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreFilter {
    pub status: Option<StoreStatus>,
    pub health: Option<Health>,
    pub plan: Option<Plan>,
    /// All of them, each a key and a value.
    pub labels: Vec<(String, String)>,
    /// What a word of the name, the host or the id begins with.
    pub text: Option<String>,
    pub include_deleted: bool,
}

impl StoreFilter {
    /// Whether Deleted stores are asked for too.
    pub fn wants_deleted(&self) -> bool {
        self.include_deleted || self.status == Some(StoreStatus::Deleted)
    }
}

/// By what a list is sorted; by the id where that is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    CreatedAt,
    UpdatedAt,
    /// Without regard to upper and lower case.
    Name,
    /// By what a text search met.
    Met,
}

/// An order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub by: SortKey,
    pub descending: bool,
}

impl Order {
    /// Newest first.
    pub const DEFAULT: Self = Self {
        by: SortKey::CreatedAt,
        descending: true,
    };
    /// The order of a text search, which has no other.
    pub const MET: Self = Self {
        by: SortKey::Met,
        descending: false,
    };
    /// What may be asked for.
    pub const NAMES: [&str; 6] = [
        "created_at",
        "-created_at",
        "updated_at",
        "-updated_at",
        "name",
        "-name",
    ];

    /// # Errors
    /// What it may be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let by = match name {
            "created_at" => SortKey::CreatedAt,
            "updated_at" => SortKey::UpdatedAt,
            "name" => SortKey::Name,
            _ => return Err(format!("must be one of `{}`", Self::NAMES.join("`, `"))),
        };
        Ok(Self { by, descending })
    }
}

/// A list of stores: whose, which of them, in what order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub tenant: TenantId,
    pub filter: StoreFilter,
    pub order: Order,
}

impl Wanted {
    /// What its cursors belong to.
    pub fn listing(&self) -> Listing {
        let (filter, order) = (&self.filter, self.order);
        let tenant = self.tenant.0.to_string();
        let order = format!("{:?} {}", order.by, order.descending);
        let deleted = filter.include_deleted.to_string();
        let mut parts = vec!["stores", &tenant, &order, &deleted];
        parts.push(filter.status.map_or("", StoreStatus::as_str));
        parts.push(filter.health.map_or("", Health::as_str));
        parts.push(filter.plan.map_or("", Plan::as_str));
        parts.push(filter.text.as_deref().unwrap_or_default());
        for (key, value) in &filter.labels {
            parts.extend([key.as_str(), value.as_str()]);
        }
        Listing::of(&parts)
    }
}

/// What a row is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceValue {
    Moment(OffsetDateTime),
    Text(String),
}

/// A row's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePlace {
    pub value: PlaceValue,
    pub id: StoreId,
}

impl StorePlace {
    /// Whether a list that is sorted so has such places.
    pub fn fits(&self, order: Order) -> bool {
        matches!(
            (order.by, &self.value),
            (
                SortKey::CreatedAt | SortKey::UpdatedAt,
                PlaceValue::Moment(_)
            ) | (SortKey::Name | SortKey::Met, PlaceValue::Text(_))
        )
    }
}

impl Key for StorePlace {
    fn write(&self) -> String {
        match &self.value {
            PlaceValue::Moment(at) => format!("{}.m{}", self.id, write_moment(*at)),
            PlaceValue::Text(text) => format!("{}.t{text}", self.id),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (id, value) = text.split_once('.')?;
        let value = match value.strip_prefix('m') {
            Some(moment) => PlaceValue::Moment(read_moment(moment)?),
            None => PlaceValue::Text(value.strip_prefix('t')?.to_owned()),
        };
        if matches!(&value, PlaceValue::Text(text) if text.contains(char::is_control)) {
            return None;
        }
        let id = id.parse().ok()?;
        Some(Self { value, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_keys_of_the_allow_list_sort_and_the_complaint_names_them() {
        for name in Order::NAMES {
            assert!(Order::parse(name).is_ok(), "{name}");
        }
        for name in ["", "-", "id", "--name", "Name", "status", "name,id"] {
            let wrong = Order::parse(name).unwrap_err();
            assert!(wrong.contains("`-created_at`"), "{name}: {wrong}");
        }
    }

    #[test]
    fn each_part_of_what_is_wanted_makes_another_list() {
        let plain = Wanted {
            tenant: TenantId::LOCAL,
            filter: StoreFilter::default(),
            order: Order::DEFAULT,
        };
        let with = |change: fn(&mut StoreFilter)| {
            let mut other = plain.clone();
            change(&mut other.filter);
            other
        };
        let mut all = vec![
            plain.clone(),
            with(|filter| filter.status = Some(StoreStatus::Ready)),
            with(|filter| filter.health = Some(Health::Healthy)),
            with(|filter| filter.plan = Some(Plan::Small)),
            with(|filter| filter.text = Some("a".to_owned())),
            with(|filter| filter.include_deleted = true),
            with(|filter| filter.labels = vec![("a".to_owned(), String::new())]),
            with(|filter| filter.labels = vec![(String::new(), "a".to_owned())]),
        ];
        for name in Order::NAMES {
            let order = Order::parse(name).unwrap();
            if order != Order::DEFAULT {
                all.push(Wanted {
                    order,
                    ..plain.clone()
                });
            }
        }
        let mut other = plain.clone();
        other.tenant = TenantId(uuid::Uuid::from_u128(7));
        all.push(other);
        for (n, one) in all.iter().enumerate() {
            for other in &all[n + 1..] {
                assert_ne!(one.listing(), other.listing(), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_place_is_read_back_and_what_postgres_could_not_take_is_refused() {
        let id: StoreId = "store-k7q2mx".parse().unwrap();
        for value in [
            PlaceValue::Moment(OffsetDateTime::UNIX_EPOCH),
            PlaceValue::Text("a.b: c".to_owned()),
            PlaceValue::Text(String::new()),
        ] {
            let id = id.clone();
            let place = StorePlace { value, id };
            assert_eq!(StorePlace::read(&place.write()), Some(place));
        }
        for text in [
            "",
            "store-k7q2mx",
            "store-k7q2mx.",
            "store-k7q2mx.m",
            "store-k7q2mx.m-1",
            "store-k7q2mx.ta\u{0}",
            "x.ta",
        ] {
            assert_eq!(StorePlace::read(text), None, "{text:?}");
        }
    }
}
