-- What still has to be said to workers. A command's row stays until its
-- operation is closed: it *is* the backlog. A control's row goes once confirmed.
CREATE TABLE outbox (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    kind            text        NOT NULL,
    store_id        text        NOT NULL,
    tenant_id       uuid        NOT NULL,
    operation_id    uuid        NOT NULL,
    -- New with every attempt, deferral and re-issue: marks compare it.
    message_id      uuid        NOT NULL,
    attempt         integer     NOT NULL,
    routing_key     text        NOT NULL,
    payload         jsonb       NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    claimed_until   timestamptz,
    dispatched_at   timestamptz,
    dispatch_count  integer     NOT NULL DEFAULT 0,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_store_fkey FOREIGN KEY (store_id) REFERENCES stores (id),
    CONSTRAINT outbox_operation_fkey FOREIGN KEY (operation_id) REFERENCES operations (id),
    CONSTRAINT outbox_kind_check CHECK (kind IN ('command', 'control'))
);

CREATE UNIQUE INDEX outbox_command_operation_key ON outbox (operation_id) WHERE kind = 'command';
CREATE INDEX outbox_waiting_idx ON outbox (next_attempt_at, id) WHERE dispatched_at IS NULL;
CREATE INDEX outbox_in_flight_idx ON outbox (dispatched_at) WHERE dispatched_at IS NOT NULL;

-- Wakes the relay at commit: something new to say, or a free place in the window.
CREATE FUNCTION outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('urumi_outbox', '');
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_wake_trigger
    AFTER INSERT OR DELETE OR UPDATE OF next_attempt_at ON outbox
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();

-- Events that were taken in: saying one again changes nothing.
CREATE TABLE inbox (
    event_id    uuid        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_pkey PRIMARY KEY (event_id)
);
CREATE INDEX inbox_received_idx ON inbox (received_at);

-- Messages that nobody could use, with the reason; listed and replayed by hand.
CREATE TABLE parked_messages (
    id          uuid        NOT NULL,
    queue       text        NOT NULL,
    reason      text        NOT NULL,
    payload     bytea       NOT NULL,
    properties  jsonb       NOT NULL DEFAULT '{}',
    received_at timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz,
    CONSTRAINT parked_messages_pkey PRIMARY KEY (id)
);
CREATE INDEX parked_messages_received_idx ON parked_messages (received_at, id);
