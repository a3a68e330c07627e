//! Copies of a ready store under other ids, its objects and its records, as if the
//! platform had made each: a thousand installations would take most of an hour.

use anyhow::{Context as _, Result};
use futures_util::{TryStreamExt as _, stream};
use kube::api::{DynamicObject, ListParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};
use serde_json::Value;

use crate::faults::own::Own;

/// What the platform and its chart make in a store's namespace; the rest follows.
const KINDS: [(&str, &str, &str); 12] = [
    ("", "v1", "Secret"),
    ("", "v1", "ConfigMap"),
    ("", "v1", "LimitRange"),
    ("", "v1", "ResourceQuota"),
    ("", "v1", "PersistentVolumeClaim"),
    ("", "v1", "Service"),
    ("networking.k8s.io", "v1", "NetworkPolicy"),
    ("networking.k8s.io", "v1", "Ingress"),
    ("policy", "v1", "PodDisruptionBudget"),
    ("apps", "v1", "StatefulSet"),
    ("apps", "v1", "Deployment"),
    ("batch", "v1", "Job"),
];
const AT_ONCE: usize = 8;
/// The letters of a store's id.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz";

/// Copy a store so often, with numbers from there on.
///
/// # Errors
/// The cluster's, the database's.
pub async fn copy(own: &Own, store: &str, numbers: std::ops::Range<usize>) -> Result<()> {
    let client = &own.client;
    let of_namespace = api(client, ("", "v1", "Namespace"), None);
    let mut objects = vec![(
        ("", "v1", "Namespace"),
        serde_json::to_value(of_namespace.get(store).await?)?,
    )];
    for kind in KINDS {
        let found = api(client, kind, Some(store));
        for object in found.list(&ListParams::default()).await?.items {
            let made = object.metadata.owner_references.is_none()
                && object.metadata.name.as_deref() != Some("kube-root-ca.crt");
            if made {
                objects.push((kind, serde_json::to_value(object)?));
            }
        }
    }
    let platform = format!("urumi-{}", own.name);
    let lease = ("coordination.k8s.io", "v1", "Lease");
    let leases = api(client, lease, Some(&platform));
    objects.push((lease, serde_json::to_value(leases.get(store).await?)?));
    let objects = &objects;
    stream::iter(numbers.map(Ok))
        .try_for_each_concurrent(AT_ONCE, |number| async move {
            let id = id_of(number);
            for (kind, object) in objects {
                make(client, *kind, object, store, &id).await?;
            }
            record(own, store, &id).await
        })
        .await
}

/// `store-` and six letters.
fn id_of(number: usize) -> String {
    let mut left = number;
    let letters = (0..6).map(|_| {
        let letter = LETTERS[left % LETTERS.len()];
        left /= LETTERS.len();
        char::from(letter)
    });
    let letters: String = letters.collect();
    format!("store-{letters}")
}

fn api(client: &Client, kind: (&str, &str, &str), namespace: Option<&str>) -> Api<DynamicObject> {
    let (group, version, kind) = kind;
    let kind = GroupVersionKind::gvk(group, version, kind);
    let resource = ApiResource::from_gvk(&kind);
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

async fn make(
    client: &Client,
    kind: (&str, &str, &str),
    object: &Value,
    store: &str,
    id: &str,
) -> Result<()> {
    let mut copy: Value = serde_json::from_str(&object.to_string().replace(store, id))?;
    let fields = copy.as_object_mut().context("an object")?;
    fields.remove("status");
    let metadata = fields["metadata"].as_object_mut().context("metadata")?;
    for field in [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "managedFields",
        "finalizers",
    ] {
        metadata.remove(field);
    }
    if kind.2 == "PersistentVolumeClaim" {
        // Among them that it is bound.
        metadata.remove("annotations");
    }
    let namespace = metadata.get("namespace").and_then(Value::as_str);
    let namespace = namespace.map(str::to_owned);
    let spec = fields.get_mut("spec").and_then(Value::as_object_mut);
    if let Some(spec) = spec {
        // What the cluster gave the first one.
        let given = match kind.2 {
            "PersistentVolumeClaim" => &["volumeName"][..],
            "Service" => &["clusterIP", "clusterIPs"],
            "Job" => &["selector"],
            _ => &[],
        };
        for field in given {
            spec.remove(*field);
        }
        if kind.2 == "Job" {
            let labels = spec["template"]["metadata"]["labels"].as_object_mut();
            labels.context("labels")?.retain(|label, _| {
                !label.contains("controller-uid") && !label.contains("job-name")
            });
        }
    }
    let copy: DynamicObject = serde_json::from_value(copy)?;
    api(client, kind, namespace.as_deref())
        .create(&PostParams::default(), &copy)
        .await
        .with_context(|| format!("a {} of {id}", kind.2))?;
    Ok(())
}

/// The store's record and its operation's.
async fn record(own: &Own, store: &str, id: &str) -> Result<()> {
    const COLUMNS: &str = "
SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER'";
    let operation: String = sqlx::query_scalar("SELECT gen_random_uuid()::text")
        .fetch_one(&own.records)
        .await?;
    for (table, source, changed) in [
        ("stores", "id", "current_operation_id"),
        ("operations", "store_id", "id"),
    ] {
        // What the database works out by itself is not written.
        let columns: String = sqlx::query_scalar(COLUMNS)
            .bind(table)
            .fetch_one(&own.records)
            .await?;
        let sql = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM (
                SELECT (jsonb_populate_record(NULL::{table}, replace(to_jsonb(s)::text, $1, $2)::jsonb
                    || jsonb_build_object('{changed}', $3))).*
                FROM {table} s WHERE {source} = $1) AS copy"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(store)
            .bind(id)
            .bind(&operation)
            .execute(&own.records)
            .await?;
    }
    Ok(())
}

/// A store that is ready.
///
/// # Errors
/// The database's, or if there is none.
pub async fn a_ready_one(own: &Own) -> Result<String> {
    let sql = "SELECT id FROM stores WHERE status = 'Ready' LIMIT 1";
    Ok(sqlx::query_scalar(sql).fetch_one(&own.records).await?)
}
