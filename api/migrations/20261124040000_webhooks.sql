-- Who is told of a tenant's events by HTTP, and what became of each message.
CREATE TABLE webhooks (
    id              uuid        NOT NULL,
    tenant_id       uuid        NOT NULL,
    url             text        NOT NULL,
    -- Empty for all.
    types           jsonb       NOT NULL DEFAULT '[]',
    enabled         boolean     NOT NULL,
    -- Sealed with URUMI_WEBHOOK_SECRET_KEY if there is one (first byte 1).
    secret          bytea       NOT NULL,
    -- The one before, which still signs for a while after a rotation.
    previous_secret bytea,
    previous_until  timestamptz,
    -- Why the platform disabled it.
    disabled_reason text,
    -- Since when nothing was taken.
    failing_since   timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT webhooks_pkey PRIMARY KEY (id),
    CONSTRAINT webhooks_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT webhooks_url_check CHECK (char_length(url) BETWEEN 1 AND 4000),
    CONSTRAINT webhooks_types_check CHECK (jsonb_typeof(types) = 'array'),
    CONSTRAINT webhooks_disabled_reason_check CHECK (disabled_reason IN ('Gone', 'Failing'))
);
CREATE INDEX webhooks_tenant_idx ON webhooks (tenant_id, created_at, id);

CREATE TABLE webhook_deliveries (
    id              uuid        NOT NULL,
    webhook_id      uuid        NOT NULL,
    position        bigint      NOT NULL,
    type            text        NOT NULL,
    -- Byte by byte what is signed and sent, each time.
    body            text        NOT NULL,
    status          text        NOT NULL,
    -- Raised with each try: who was too slow does not overwrite another's outcome.
    attempt         integer     NOT NULL DEFAULT 0,
    -- Tries of this round; a replay begins another.
    tries_left      integer     NOT NULL,
    -- The last ones, oldest first.
    tries           jsonb       NOT NULL DEFAULT '[]',
    created_at      timestamptz NOT NULL,
    next_attempt_at timestamptz,
    claimed_until   timestamptz,
    delivered_at    timestamptz,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
    -- An event goes to a webhook in one message, however often it is tried.
    CONSTRAINT webhook_deliveries_event_key UNIQUE (webhook_id, position),
    CONSTRAINT webhook_deliveries_webhook_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks (id) ON DELETE CASCADE,
    CONSTRAINT webhook_deliveries_status_check CHECK (status IN ('Pending', 'Delivered', 'Failed'))
);
CREATE INDEX webhook_deliveries_log_idx ON webhook_deliveries (webhook_id, created_at, id);
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (webhook_id, next_attempt_at) WHERE status = 'Pending';
CREATE INDEX webhook_deliveries_claimed_idx ON webhook_deliveries (webhook_id) WHERE claimed_until IS NOT NULL;
CREATE INDEX webhook_deliveries_created_idx ON webhook_deliveries (created_at);

-- How far the stream was turned into deliveries; its lock makes it one at a time.
CREATE TABLE webhook_cursor (
    id       boolean NOT NULL DEFAULT true,
    position bigint  NOT NULL,
    CONSTRAINT webhook_cursor_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_cursor_single_check CHECK (id)
);
INSERT INTO webhook_cursor (position) SELECT coalesce(max(position), 0) FROM stream_events;
