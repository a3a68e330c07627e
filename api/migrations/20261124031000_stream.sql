-- What happens to stores, operations and steps, in one order, for whoever watches
-- (GET /stores/events) and for webhooks. Written by triggers at the commit of the
-- change itself, so no way to change a row can forget it.
--
-- `position` is given under a lock that is held until the commit is done: commit
-- order is position order, and who has read up to a position has missed nothing
-- below it, however late another commit comes. Positions may have holes.
-- No foreign keys: their row locks would be taken after that lock.
CREATE SEQUENCE stream_position_seq AS bigint CACHE 1;

CREATE TABLE stream_events (
    position     bigint      NOT NULL,
    at           timestamptz NOT NULL,
    type         text        NOT NULL,
    tenant_id    uuid        NOT NULL,
    store_id     text        NOT NULL,
    operation_id uuid,
    -- The store's, after the event.
    status       text        NOT NULL,
    health       text        NOT NULL,
    facts        jsonb       NOT NULL,
    CONSTRAINT stream_events_pkey PRIMARY KEY (position)
);
CREATE INDEX stream_events_tenant_idx ON stream_events (tenant_id, position);
CREATE INDEX stream_events_store_idx ON stream_events (tenant_id, store_id, position);
CREATE INDEX stream_events_at_idx ON stream_events (at);

-- The last position that was forgotten (retention).
CREATE TABLE stream_horizon (
    id       boolean NOT NULL DEFAULT true,
    position bigint  NOT NULL DEFAULT 0,
    CONSTRAINT stream_horizon_pkey PRIMARY KEY (id),
    CONSTRAINT stream_horizon_single_check CHECK (id)
);
INSERT INTO stream_horizon DEFAULT VALUES;

-- The lock is the transaction's last: nothing else is locked behind it, because
-- the triggers below are deferred to the commit.
CREATE FUNCTION stream_place() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('urumi.stream', 0));
    RETURN nextval('stream_position_seq');
END $$;

CREATE FUNCTION stream_append(
    of_type text, tenant uuid, store text, operation uuid, now_status text, now_health text, of_facts jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stream_events (position, at, type, tenant_id, store_id, operation_id, status, health, facts)
    VALUES (stream_place(), clock_timestamp(), of_type, tenant, store, operation, now_status,
        CASE WHEN now_status = 'Ready' THEN now_health ELSE 'Unknown' END, of_facts);
    PERFORM pg_notify('urumi_stream', '');
END $$;

CREATE FUNCTION stream_time(moment timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

CREATE FUNCTION stream_of_store() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.status END;
    changed text[];
BEGIN
    IF was IS DISTINCT FROM NEW.status THEN
        PERFORM stream_append('store.status_changed', NEW.tenant_id, NEW.id, NEW.current_operation_id, NEW.status, NEW.health,
            jsonb_build_object('from', was, 'to', NEW.status, 'failure_code', NEW.failure ->> 'code', 'version', NEW.version));
    END IF;
    IF TG_OP = 'INSERT' THEN
        RETURN NULL;
    END IF;
    IF OLD.health <> NEW.health THEN
        PERFORM stream_append('store.health_changed', NEW.tenant_id, NEW.id, NULL, NEW.status, NEW.health,
            jsonb_build_object('from', OLD.health, 'to', NEW.health, 'reasons', NEW.health_reasons, 'version', NEW.version));
    END IF;
    changed := array_remove(ARRAY[
        CASE WHEN OLD.name IS DISTINCT FROM NEW.name THEN 'name' END,
        CASE WHEN OLD.plan IS DISTINCT FROM NEW.plan THEN 'plan' END,
        CASE WHEN OLD.labels IS DISTINCT FROM NEW.labels THEN 'labels' END,
        CASE WHEN OLD.deletion_protection IS DISTINCT FROM NEW.deletion_protection THEN 'deletion_protection' END,
        CASE WHEN OLD.chart IS DISTINCT FROM NEW.chart THEN 'chart' END,
        CASE WHEN OLD.images IS DISTINCT FROM NEW.images THEN 'images' END], NULL);
    IF cardinality(changed) > 0 THEN
        PERFORM stream_append('store.changed', NEW.tenant_id, NEW.id, NULL, NEW.status, NEW.health,
            jsonb_build_object('fields', to_jsonb(changed), 'version', NEW.version));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION stream_of_operation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.status END;
BEGIN
    PERFORM stream_append('operation.changed', store.tenant_id, store.id, NEW.id, store.status, store.health,
        jsonb_build_object('kind', NEW.kind, 'from', was, 'to', NEW.status, 'attempt', NEW.attempt,
            'failure_code', NEW.failure ->> 'code'))
    FROM stores store WHERE store.id = NEW.store_id;
    RETURN NULL;
END $$;

CREATE FUNCTION stream_of_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stream_append('operation.step', store.tenant_id, store.id, NEW.operation_id, store.status, store.health,
        jsonb_build_object('step', NEW.step, 'attempt', NEW.attempt, 'run', NEW.run, 'outcome', NEW.outcome,
            'changed', NEW.changed, 'started_at', stream_time(NEW.started_at), 'finished_at', stream_time(NEW.finished_at),
            'waiting', CASE WHEN NEW.outcome = 'Running' AND NEW.waiting IS NOT NULL THEN jsonb_build_object(
                'message', NEW.waiting ->> 'message', 'code', NEW.waiting -> 'cause' ->> 'code') END))
    FROM operations operation JOIN stores store ON store.id = operation.store_id
    WHERE operation.id = NEW.operation_id;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER stream_store_new AFTER INSERT ON stores
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stream_of_store();
CREATE CONSTRAINT TRIGGER stream_store_changed AFTER UPDATE ON stores
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.status, OLD.health, OLD.name, OLD.plan, OLD.labels, OLD.deletion_protection, OLD.chart, OLD.images)
        IS DISTINCT FROM
        (NEW.status, NEW.health, NEW.name, NEW.plan, NEW.labels, NEW.deletion_protection, NEW.chart, NEW.images))
    EXECUTE FUNCTION stream_of_store();
CREATE CONSTRAINT TRIGGER stream_operation_new AFTER INSERT ON operations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stream_of_operation();
CREATE CONSTRAINT TRIGGER stream_operation_changed AFTER UPDATE ON operations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.status, OLD.attempt, OLD.failure, OLD.deferrals) IS DISTINCT FROM (NEW.status, NEW.attempt, NEW.failure, NEW.deferrals))
    EXECUTE FUNCTION stream_of_operation();
CREATE CONSTRAINT TRIGGER stream_step_new AFTER INSERT ON operation_steps
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stream_of_step();
-- A look that finds the same again is no news.
CREATE CONSTRAINT TRIGGER stream_step_changed AFTER UPDATE ON operation_steps
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.outcome, OLD.changed, OLD.started_at, OLD.finished_at, OLD.waiting ->> 'message', OLD.waiting -> 'cause' ->> 'code')
        IS DISTINCT FROM
        (NEW.outcome, NEW.changed, NEW.started_at, NEW.finished_at, NEW.waiting ->> 'message', NEW.waiting -> 'cause' ->> 'code'))
    EXECUTE FUNCTION stream_of_step();
