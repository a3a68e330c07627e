-- {STORES} stores with their operations, and {AUDIT} times as many audit rows of the tenant {LOCAL}.
SET statement_timeout = 0; SET maintenance_work_mem = '256MB'; SET client_min_messages = warning;
CREATE TEMP TABLE kept AS SELECT indexdef, indexname FROM pg_indexes
    WHERE tablename IN ('stores', 'store_labels', 'store_words', 'audit_events', 'operations', 'operation_steps', 'outbox')
    AND indexname NOT IN (SELECT conname FROM pg_constraint);
CREATE TEMP TABLE bound AS SELECT conrelid::regclass::text AS of, conname, pg_get_constraintdef(oid) AS def
    FROM pg_constraint WHERE contype IN ('p', 'u', 'f') AND conrelid IN ('store_labels'::regclass, 'store_words'::regclass,
        'audit_events'::regclass, 'operation_steps'::regclass)
    OR contype = 'f' AND conrelid IN ('operations'::regclass, 'outbox'::regclass);
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM kept LOOP EXECUTE format('DROP INDEX %I', one.indexname); END LOOP;
    FOR one IN SELECT * FROM bound LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.of, one.conname); END LOOP;
END $$;
-- What is filled in tells of no change.
ALTER TABLE audit_events DROP CONSTRAINT IF EXISTS audit_events_change_check;
ALTER TABLE stores DISABLE TRIGGER USER; ALTER TABLE operations DISABLE TRIGGER USER;
ALTER TABLE operation_steps DISABLE TRIGGER USER; ALTER TABLE outbox DISABLE TRIGGER USER;
INSERT INTO stores (id, tenant_id, name, plan, admin_email, labels, host, url, status, health, generation,
    current_operation_id, created_at, updated_at, images, safe_spec, chart, revision)
SELECT id, '{LOCAL}', (ARRAY['Teapots', 'Lamps', 'Books', 'Chairs', 'Maps'])[1 + n % 5] || ' ' || substr(md5(n::text), 1, 6),
    (ARRAY['small', 'medium', 'large'])[1 + n * 7 % 3], 'owner@example.com',
    jsonb_build_object('team', (ARRAY['north', 'south', 'east', 'west', 'centre'])[1 + n * 3 % 5]),
    id || '.localhost', 'http://' || id || '.localhost:8080',
    (ARRAY['Queued', 'Provisioning', 'Ready', 'Failed', 'Updating', 'Suspended', 'Deleting', 'Deleted', 'DeleteFailed'])[1 + n % 9],
    (ARRAY['Unknown', 'Healthy', 'Degraded'])[1 + (n + n / 27) % 3], 1,
    ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    timestamptz '2026-01-01Z' + n * interval '10 s',
    timestamptz '2027-01-01Z' + n * 7919 % {STORES} * interval '10 s',
    '{"mysql": "mysql:8.4", "wordpress": "wordpress:7.1-php8.4-apache"}',
    jsonb_build_object('id', id, 'name', 'My Store', 'host', id || '.localhost', 'url', 'http://' || id || '.localhost:8080',
        'plan', 'small', 'admin_email', 'owner@example.com', 'chart', '0.2.0'), 'store-0.2.0', 1
FROM (SELECT n, 'store-' || translate(lpad(to_hex(n * 7368787 % 16777216), 6, '0'), '0123456789abcdef', 'bcdfghjklmnpqrst') AS id
    FROM generate_series(1, {STORES}::bigint) AS n) AS numbered;
-- Each store's operation with five steps; one of eight is open and has its command,
-- whatever its name, plan or status: pages that are compared have as many to look up.
INSERT INTO operations (id, store_id, tenant_id, kind, status, generation, max_attempts, budget_ms, actor, request_id,
    created_at, not_after, started_at, finished_at, spec)
SELECT current_operation_id, id, tenant_id, 'Create', CASE WHEN open THEN 'Running' ELSE 'Succeeded' END, 1, 5, 900000, 'local',
    current_operation_id, created_at, '2099-01-01Z', created_at + interval '1 s', CASE WHEN open THEN NULL ELSE created_at + interval '30 s' END, safe_spec
FROM stores, LATERAL (SELECT left(md5(id), 1) IN ('0', '1') AS open) AS is_open;
INSERT INTO operation_steps (operation_id, attempt, step, started_at, finished_at, outcome, changed)
SELECT o.id, 1, step, o.created_at + n * interval '4 s', o.created_at + n * interval '5 s', 'Done', true
FROM operations AS o,
    unnest((ARRAY['Namespace', 'Credentials', 'Release', 'Rollout', 'Storefront'])[:o.max_attempts]) WITH ORDINALITY AS steps (step, n);
INSERT INTO outbox (kind, store_id, tenant_id, operation_id, message_id, attempt, routing_key, payload, next_attempt_at)
SELECT 'command', store_id, tenant_id, id, id, 1, 'stores.command', '{}', '2099-01-01Z' FROM operations WHERE finished_at IS NULL;
ALTER TABLE stores ENABLE TRIGGER USER; ALTER TABLE operations ENABLE TRIGGER USER;
ALTER TABLE operation_steps ENABLE TRIGGER USER; ALTER TABLE outbox ENABLE TRIGGER USER;
INSERT INTO store_labels (tenant_id, label, store_id, created_at, updated_at, name_key)
    SELECT tenant_id, 'team:' || (labels->>'team'), id, created_at, updated_at, name_key FROM stores WHERE status <> 'Deleted';
INSERT INTO store_words (tenant_id, word, store_id, shared)
    SELECT tenant_id, word, id, 0 FROM stores, store_search_words(id, name, host) AS word WHERE status <> 'Deleted';
INSERT INTO store_counts (tenant_id, status, health, stores)
    SELECT tenant_id, status, health, count(*) FROM stores GROUP BY 1, 2, 3;
INSERT INTO audit_events (seq, id, at, tenant_id, store_id, actor, action, outcome, prev_hash, hash)
    SELECT n, ('01900000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, timestamptz '2026-01-01Z' + n * interval '1 s', '{LOCAL}',
        'store-' || translate(lpad(to_hex((1 + n / 10000 * 10 + n % 10) * 7368787 % 16777216), 6, '0'), '0123456789abcdef', 'bcdfghjklmnpqrst'),
        'local', 'operation.started', 'succeeded', decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')
    FROM generate_series(1, {STORES}::bigint * {AUDIT}) AS n;
UPDATE audit_head SET seq = {STORES}::bigint * {AUDIT};
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM kept LOOP EXECUTE one.indexdef; END LOOP;
    FOR one IN SELECT * FROM bound LOOP EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', one.of, one.conname, one.def); END LOOP;
END $$;
