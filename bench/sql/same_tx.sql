\set i :i + 1
\set n :base + :client_id * 20000 + :i
BEGIN;
WITH lock AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(hashtextextended('{tenant}' || ' ' || 'local' || ' ' || 'bench-' || :n, 7236002)) AS free
), ours AS (
    INSERT INTO idempotency_keys AS known (tenant_id, principal, key, request_hash)
    SELECT '{tenant}'::uuid, 'local', 'bench-' || :n, decode(repeat('5a', 32), 'hex') FROM lock WHERE free
    ON CONFLICT (tenant_id, principal, key) DO UPDATE SET
        request_hash = EXCLUDED.request_hash, status = NULL, headers = NULL, body = NULL, created_at = now()
    WHERE known.created_at < now() - interval '24 hours'
    RETURNING true
)
SELECT free, EXISTS (SELECT FROM ours) AS ours FROM lock;
SELECT max_stores, max_operations FROM tenants WHERE id = '{tenant}';
INSERT INTO stores (id, tenant_id, name, plan, admin_email, wanted_chart, wanted_image, wanted_replicas, wanted_suspended,
    wanted_login_key, labels, deletion_protection, host, url, status, generation, ever_ready, current_operation_id, version,
    created_at, updated_at)
VALUES ({id}, '{tenant}', 'Shop ' || :n, 'small', 'owner@example.com', NULL, NULL, NULL, false, NULL, '{{}}', false,
    {id} || '.localhost', 'http://' || {id} || '.localhost:8080', 'Queued', 1, false, {operation}, 1, now(), now())
RETURNING *;
INSERT INTO operations (id, store_id, tenant_id, kind, status, generation, spec, attempt, max_attempts, budget_ms, outcomes,
    ended_by, failure, actor, request_id, created_at, not_after, traceparent)
VALUES ({operation}, {id}, '{tenant}', 'Create', 'Queued', 1, {spec}, 1, 5, 900000, '[]', NULL, NULL, 'local',
    {operation}, now(), now() + interval '1 day', {traceparent})
RETURNING *;
--outbox: the next line is left out where the outbox's own cost is measured
INSERT INTO outbox (kind, store_id, tenant_id, operation_id, message_id, attempt, routing_key, payload, traceparent) VALUES ('command', {id}, '{tenant}', {operation}, {operation}, 1, 'store.command.v1', {payload}, {traceparent});
UPDATE idempotency_keys SET status = 202, headers = {headers}, body = {body}
WHERE tenant_id = '{tenant}' AND principal = 'local' AND key = 'bench-' || :n;
INSERT INTO audit_pending (id, at, tenant_id, store_id, operation_id, actor, request_id, action, outcome, details, text_before, text_after)
VALUES ({operation}, now(), '{tenant}', {id}, {operation}, 'local', {operation}, 'store.create.requested', 'accepted', {details},
    {text_before}, {text_after});
COMMIT;
