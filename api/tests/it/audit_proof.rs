//! That nobody changes what was written without being found, whatever they can do
//! to the database: verify, the signed export, and what the database refuses.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::TestApi;

const ROWS: i64 = 40;
const TAMPERINGS: usize = 1_000;

async fn run(sql: &mut PgConnection, statement: String) {
    sql.execute(AssertSqlSafe(statement)).await.unwrap();
}

/// `api` with that many rows of audit.
async fn with_rows(name: &str) -> TestApi {
    let api = TestApi::ready(name).await;
    for _ in 0..ROWS {
        api.a_store().await;
    }
    api
}

/// What somebody with every right on the database does to the rows, as SQL; and
/// whether something else stands before the head then, however it is hashed.
fn tampering(dice: &mut StdRng) -> (String, bool) {
    let row = dice.random_range(1..=ROWS);
    let columns = [
        "actor = actor || 'x'",
        "outcome = 'refused'",
        "action = 'store.delete.requested'",
        "details = details || '{\"name\": \"Other\"}'",
        "details = jsonb_set(details, '{before}', '{}')",
        "details = jsonb_set(details, '{after, plan}', '\"vast\"')",
        "at = at + interval '1 microsecond'",
        "store_id = 'store-bcdfgh'",
        "tenant_id = '00000000-0000-7000-8000-000000000002'",
        "request_id = NULL",
        "id = gen_random_uuid()",
        "hash = decode(repeat('ab', 32), 'hex')",
        "prev_hash = decode(repeat('ab', 32), 'hex')",
    ];
    let mut other_chain = true;
    let sql = match dice.random_range(0..6) {
        0 | 1 => {
            let column = columns[dice.random_range(0..columns.len())];
            other_chain = !column.contains("hash = ");
            format!("UPDATE audit_events SET {column} WHERE seq = {row}")
        }
        2 => format!("DELETE FROM audit_events WHERE seq = {row}"),
        3 => {
            let place = if dice.random_bool(0.5) { ROWS } else { row - 1 };
            other_chain = place < ROWS;
            format!(
                "UPDATE audit_events SET seq = seq + 1000 WHERE seq > {place};
                 UPDATE audit_events SET seq = seq - 999 WHERE seq > 1000;
                 INSERT INTO audit_events SELECT {place} + 1, gen_random_uuid(), at, tenant_id, store_id, operation_id,
                    'mallory', request_id, action, outcome, details, prev_hash, hash FROM audit_events ORDER BY seq LIMIT 1"
            )
        }
        4 => {
            let other = row % ROWS + 1;
            format!(
                "UPDATE audit_events SET seq = 9999 WHERE seq = {row};
                 UPDATE audit_events SET seq = {row} WHERE seq = {other};
                 UPDATE audit_events SET seq = {other} WHERE seq = 9999"
            )
        }
        _ => {
            // Truncated to its beginning, perhaps to nothing, with a head that fits.
            let keep = row - 1;
            format!(
                "DELETE FROM audit_events WHERE seq > {keep};
                 UPDATE audit_head SET seq = {keep}, hash = coalesce(
                    (SELECT hash FROM audit_events WHERE seq = {keep}), decode(repeat('00', 32), 'hex'))"
            )
        }
    };
    (sql, other_chain)
}

/// Number and hash all rows anew, as whoever has read docs/API.md can, and move the
/// head: a chain that is sound in itself.
async fn hash_anew(sql: &mut PgConnection) {
    let rows = "SELECT id, to_jsonb(audit_events) - 'hash' - 'prev_hash' AS link, at FROM audit_events ORDER BY seq";
    let rows: Vec<(uuid::Uuid, Value, OffsetDateTime)> =
        sqlx::query_as(rows).fetch_all(&mut *sql).await.unwrap();
    let (mut ids, mut links, mut seq) = (Vec::new(), Vec::new(), 0_i64);
    let mut hash = vec![0; 32];
    for (id, mut link, at) in rows {
        seq += 1;
        link["seq"] = seq.into();
        link["at"] = at.format(&Rfc3339).unwrap().into();
        // serde_json keeps keys sorted and writes no white space.
        let next = Sha256::new()
            .chain_update(&hash)
            .chain_update(link.to_string());
        let prev = std::mem::replace(&mut hash, next.finalize().to_vec());
        ids.push(id);
        links.push((seq, prev, hash.clone()));
    }
    // Out of the way first: numbers are unique.
    run(
        sql,
        "UPDATE audit_events SET seq = seq + 1000000".to_owned(),
    )
    .await;
    let numbers: Vec<i64> = links.iter().map(|(seq, ..)| *seq).collect();
    let prevs: Vec<Vec<u8>> = links.iter().map(|(_, prev, _)| prev.clone()).collect();
    let hashes: Vec<Vec<u8>> = links.into_iter().map(|(.., hash)| hash).collect();
    let change = "UPDATE audit_events SET seq = n.seq, prev_hash = n.prev, hash = n.hash
        FROM unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::bytea[]) AS n (id, seq, prev, hash)
        WHERE audit_events.id = n.id";
    let change = sqlx::query(change).bind(ids).bind(numbers);
    let change = change.bind(prevs).bind(hashes);
    change.execute(&mut *sql).await.unwrap();
    let head = sqlx::query("UPDATE audit_head SET seq = $1, hash = $2");
    head.bind(seq).bind(hash).execute(sql).await.unwrap();
}

#[actix_web::test]
async fn a_thousand_random_tamperings_are_all_found_with_the_head_kept_elsewhere() {
    let api = with_rows("audit_tampering").await;
    let head = api.get("/audit/verify").await.json;
    assert_eq!(head["valid"], true, "{head}");
    assert_eq!(head["complete"], true, "{head}");
    let rows = head["rows"].as_i64().unwrap();
    assert!(rows >= ROWS, "{head}");
    let kept = format!(
        "/audit/verify?head_seq={}&head_hash={}",
        head["checked_to"]["seq"],
        head["checked_to"]["hash"].as_str().unwrap()
    );
    let mut sql = api.servers.sql().await;
    run(
        &mut sql,
        "CREATE TABLE good AS SELECT * FROM audit_events; CREATE TABLE good_head AS SELECT * FROM audit_head;
         GRANT ALL ON audit_events, audit_head TO CURRENT_USER;
         ALTER TABLE audit_events DISABLE TRIGGER USER; ALTER TABLE audit_head DISABLE TRIGGER USER"
            .to_owned(),
    )
    .await;
    let mut dice = StdRng::seed_from_u64(20_261_124);
    let mut hashed_anew = 0;
    for n in 0..TAMPERINGS {
        let (tampering, other_chain) = tampering(&mut dice);
        let mut tx = sql.begin().await.unwrap();
        run(&mut tx, tampering.clone()).await;
        let sound = other_chain && dice.random_bool(0.3);
        if sound {
            hash_anew(&mut tx).await;
            hashed_anew += 1;
        }
        tx.commit().await.unwrap();
        let found = api.get(&kept).await.json;
        assert_eq!(found["valid"], false, "{n}: {tampering}: {found}");
        assert!(found["first_bad"]["reason"].is_string());
        if sound {
            // Nothing but the head that is kept elsewhere tells.
            let alone = api.get("/audit/verify").await.json;
            assert_eq!(alone["valid"], true, "{n}: {tampering}: {alone}");
        }
        run(
            &mut sql,
            "DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM good;
             UPDATE audit_head SET seq = g.seq, hash = g.hash FROM good_head g"
                .to_owned(),
        )
        .await;
    }
    assert_eq!(api.get(&kept).await.json["valid"], true);
    assert!(hashed_anew > 100, "{hashed_anew}");
    println!(
        "{TAMPERINGS} tamperings found, {hashed_anew} of them in a chain that was hashed anew"
    );
}

#[actix_web::test]
async fn a_chain_that_was_hashed_anew_is_found_by_the_head_kept_elsewhere_alone() {
    let api = with_rows("audit_rehashed").await;
    let head = api.get("/audit/verify").await.json["checked_to"].clone();
    // The whole database replaced by one that is sound in itself.
    let other = with_rows("audit_rehashed_by").await;
    let seq = head["seq"].as_i64().unwrap();
    let hash = head["hash"].as_str().unwrap();
    assert_eq!(other.get("/audit/verify").await.json["valid"], true);
    let found = other
        .get(&format!("/audit/verify?head_seq={seq}&head_hash={hash}"))
        .await
        .json;
    assert_eq!(found["valid"], false, "{found}");
    // In parts, from the place where the last one ended.
    let part = api.get("/audit/verify?limit=7").await.json;
    assert_eq!(
        (part["valid"].clone(), part["complete"].clone()),
        (true.into(), false.into())
    );
    let (seq, hash) = (
        &part["checked_to"]["seq"],
        part["checked_to"]["hash"].as_str().unwrap(),
    );
    let rest = api
        .get(&format!("/audit/verify?from_seq={seq}&from_hash={hash}"))
        .await
        .json;
    assert_eq!(rest["complete"], true, "{rest}");
    let half = api.get("/audit/verify?head_seq=1").await;
    assert_eq!(half.status, 400, "{}", half.text);
}

#[actix_web::test]
async fn a_head_kept_elsewhere_is_compared_where_the_walk_begins_and_refused_before_it() {
    let api = with_rows("audit_early_head").await;
    let part = api.get("/audit/verify?limit=7").await.json["checked_to"].clone();
    let (seq, hash) = (
        part["seq"].as_i64().unwrap(),
        part["hash"].as_str().unwrap(),
    );
    let from = format!("/audit/verify?from_seq={seq}&from_hash={hash}");
    let other = "ab".repeat(32);
    let found = async |head_seq: i64, head_hash: &str| {
        let head = format!("{from}&head_seq={head_seq}&head_hash={head_hash}");
        api.get(&head).await
    };

    let same = found(seq, hash).await.json;
    assert_eq!(same["valid"], true, "{same}");
    let wrong = found(seq, &other).await.json;
    assert_eq!(
        (&wrong["valid"], &wrong["first_bad"]["seq"]),
        (&false.into(), &seq.into()),
        "{wrong}"
    );
    let early = found(seq - 1, &other).await;
    assert_eq!(early.status, 400, "{}", early.text);
    assert_eq!(early.json["errors"][0]["pointer"], "/head_seq");
}

#[actix_web::test]
async fn an_export_is_signed_and_a_changed_or_cut_one_does_not_hold() {
    let api = with_rows("audit_export").await;
    let export = api.get("/audit/export").await;
    assert_eq!(export.header("content-type"), "application/jsonl");
    let key = api.get("/audit/key").await.json;
    assert!(holds(&export.text, &key), "{}", export.text);
    let lines: Vec<&str> = export.text.lines().collect();
    let end: Value = serde_json::from_str(lines[lines.len() - 1]).unwrap();
    assert_eq!(end["rows"].as_u64().unwrap() as usize, lines.len() - 1);

    assert!(!holds(&export.text.replacen("local", "other", 1), &key));
    let cut = export.text.replacen(&format!("{}\n", lines[3]), "", 1);
    assert!(!holds(&cut, &key));
    let headless: String = lines[..5].iter().map(|line| format!("{line}\n")).collect();
    assert!(!holds(&headless, &key));
}

/// As docs/API.md says how to check one.
fn holds(export: &str, key: &Value) -> bool {
    let Some((rows, end)) = export.trim_end().rsplit_once('\n') else {
        return false;
    };
    let Ok(mut end) = serde_json::from_str::<Value>(end) else {
        return false;
    };
    let Some(signature) = end["signature"].as_str().map(str::to_owned) else {
        return false;
    };
    let digest = Sha256::digest(format!("{rows}\n"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if end["sha256"] != digest {
        return false;
    }
    end.as_object_mut().unwrap().remove("signature");
    let public = STANDARD
        .decode(key["public_key"].as_str().unwrap())
        .unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    // serde_json keeps keys sorted and writes no white space.
    UnparsedPublicKey::new(&ED25519, public)
        .verify(end.to_string().as_bytes(), &signature)
        .is_ok()
}

#[actix_web::test]
async fn the_database_refuses_to_change_what_was_written() {
    let api = TestApi::ready("audit_guard").await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    let statements = [
        "UPDATE audit_events SET actor = 'x'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
    ];
    for statement in statements {
        let refused = sql.execute(statement).await.unwrap_err().to_string();
        assert!(
            refused.contains("permission denied"),
            "{statement}: {refused}"
        );
    }
    // Its owner has given these rights up.
    let rights: bool = sqlx::query_scalar(
        "SELECT bool_or(privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE'))
         FROM information_schema.table_privileges WHERE table_name = 'audit_events'",
    )
    .fetch_one(&mut sql)
    .await
    .unwrap();
    assert!(!rights);
    // And if somebody gives them back, the triggers stand, for a replica too.
    run(
        &mut sql,
        "GRANT ALL ON audit_events, audit_head TO CURRENT_USER".to_owned(),
    )
    .await;
    for statement in statements
        .into_iter()
        .chain(["UPDATE audit_head SET seq = 0"])
    {
        let refused = sql.execute(statement).await.unwrap_err().to_string();
        let said = refused.contains("append-only") || refused.contains("only moves forward");
        assert!(said, "{statement}: {refused}");
    }
    let always: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'A' AND tgname IN
            ('audit_events_no_change', 'audit_head_forward', 'audit_head_no_truncate')",
    )
    .fetch_one(&mut sql)
    .await
    .unwrap();
    assert_eq!(always, 3);
}
