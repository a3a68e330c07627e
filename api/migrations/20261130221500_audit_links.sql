-- Links of the audit are made at the commit by PostgreSQL, as the stream's numbers are
-- (docs/adr/0010): nothing of a program lies between the lock of the chain's head and
-- the commit. An event waits here until then. `text_before` and `text_after` are its
-- canonical JSON around its number, which is known only under that lock.
--
-- Rows live within one transaction only, so none needs the log: a crash loses none that
-- was committed.
CREATE UNLOGGED TABLE audit_pending (
    id           uuid        NOT NULL,
    at           timestamptz NOT NULL,
    tenant_id    uuid        NOT NULL,
    store_id     text,
    operation_id uuid,
    actor        text        NOT NULL,
    request_id   uuid,
    action       text        NOT NULL,
    outcome      text        NOT NULL,
    details      jsonb       NOT NULL,
    text_before  text        NOT NULL,
    text_after   text        NOT NULL,
    CONSTRAINT audit_pending_pkey PRIMARY KEY (id)
);

-- By its index: a plan of when the table was last counted empty would read all that a
-- long snapshot keeps from being cleaned, at each commit.
CREATE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    head audit_head%ROWTYPE;
    linked bytea;
BEGIN
    SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
    linked := sha256(head.hash || convert_to(NEW.text_before || (head.seq + 1) || NEW.text_after, 'UTF8'));
    INSERT INTO audit_events (seq, id, at, tenant_id, store_id, operation_id, actor, request_id, action, outcome, details, prev_hash, hash)
    VALUES (head.seq + 1, NEW.id, NEW.at, NEW.tenant_id, NEW.store_id, NEW.operation_id, NEW.actor, NEW.request_id, NEW.action,
        NEW.outcome, NEW.details, head.hash, linked);
    UPDATE audit_head SET seq = head.seq + 1, hash = linked;
    DELETE FROM audit_pending WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_link AFTER INSERT ON audit_pending
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_link();
ALTER TABLE audit_pending ENABLE ALWAYS TRIGGER audit_link;

-- The head comes before the stream's lock, as in programs of the release before, which
-- lock it themselves: two orders would be a deadlock.
CREATE OR REPLACE FUNCTION stream_place() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM audit_head FOR UPDATE;
    PERFORM pg_advisory_xact_lock(hashtextextended('urumi.stream', 0));
    RETURN nextval('stream_position_seq');
END $$;
