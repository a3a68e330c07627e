-- What was asked, by whom, and what became of it. Insert-only. `seq` is given
-- under the lock of audit_head's row, so commit order is sequence order, and
-- `hash` = SHA-256(prev_hash || canonical JSON of the row).
CREATE TABLE audit_events (
    seq          bigint      NOT NULL,
    id           uuid        NOT NULL,
    at           timestamptz NOT NULL,
    tenant_id    uuid        NOT NULL,
    store_id     text,
    operation_id uuid,
    actor        text        NOT NULL,
    request_id   uuid,
    action       text        NOT NULL,
    outcome      text        NOT NULL,
    details      jsonb       NOT NULL DEFAULT '{}',
    prev_hash    bytea       NOT NULL,
    hash         bytea       NOT NULL,
    CONSTRAINT audit_events_pkey PRIMARY KEY (seq),
    CONSTRAINT audit_events_id_key UNIQUE (id),
    CONSTRAINT audit_events_seq_check CHECK (seq >= 1),
    CONSTRAINT audit_events_hash_check CHECK (octet_length(hash) = 32 AND octet_length(prev_hash) = 32)
);
CREATE INDEX audit_events_tenant_idx ON audit_events (tenant_id, seq);
CREATE INDEX audit_events_store_idx ON audit_events (tenant_id, store_id, seq);

CREATE FUNCTION audit_events_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'audit_events_immutable';
END $$;
CREATE TRIGGER audit_events_no_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_immutable();

CREATE TABLE audit_head (
    id   boolean NOT NULL DEFAULT true,
    seq  bigint  NOT NULL,
    hash bytea   NOT NULL,
    CONSTRAINT audit_head_pkey PRIMARY KEY (id),
    CONSTRAINT audit_head_single_check CHECK (id)
);
INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));
