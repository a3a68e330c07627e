-- One row per intent. What workers reported about it stands in `outcomes` (one
-- per attempt) and `started_at`; status, attempt, failure and finished_at follow
-- from these by one rule (api/src/projector/rule.rs), whatever the order.
CREATE TABLE operations (
    id            uuid        NOT NULL,
    store_id      text        NOT NULL,
    tenant_id     uuid        NOT NULL,
    kind          text        NOT NULL,
    status        text        NOT NULL,
    generation    bigint      NOT NULL,
    attempt       integer     NOT NULL DEFAULT 1,
    max_attempts  integer     NOT NULL,
    budget_ms     bigint      NOT NULL,
    outcomes      jsonb       NOT NULL DEFAULT '[]',
    ended_by      text,
    failure       jsonb,
    actor         text        NOT NULL,
    request_id    uuid        NOT NULL,
    created_at    timestamptz NOT NULL,
    not_after     timestamptz NOT NULL,
    started_at    timestamptz,
    finished_at   timestamptz,
    last_heard_at timestamptz,
    deadline_at   timestamptz,
    CONSTRAINT operations_pkey PRIMARY KEY (id),
    CONSTRAINT operations_store_fkey FOREIGN KEY (store_id) REFERENCES stores (id),
    CONSTRAINT operations_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT operations_kind_check CHECK (kind IN (
        'Create', 'Update', 'Rollback', 'Suspend', 'Resume', 'Delete')),
    CONSTRAINT operations_status_check CHECK (status IN (
        'Queued', 'Running', 'Succeeded', 'Failed', 'Cancelled', 'Superseded')),
    CONSTRAINT operations_ended_by_check CHECK (ended_by IN ('Delete', 'Deadline', 'Cancel')),
    CONSTRAINT operations_attempt_check CHECK (attempt >= 1 AND max_attempts >= 1),
    CONSTRAINT operations_finished_check CHECK ((finished_at IS NULL) = (status IN ('Queued', 'Running')))
);

-- At most one open operation per store.
CREATE UNIQUE INDEX operations_one_open_key ON operations (store_id) WHERE status IN ('Queued', 'Running');
CREATE INDEX operations_store_idx ON operations (store_id, created_at);
-- What the watchdog looks through.
CREATE INDEX operations_open_idx ON operations (created_at) WHERE status IN ('Queued', 'Running');

CREATE TABLE operation_steps (
    operation_id uuid        NOT NULL,
    attempt      integer     NOT NULL,
    step         text        NOT NULL,
    started_at   timestamptz,
    finished_at  timestamptz,
    outcome      text        NOT NULL,
    changed      boolean     NOT NULL DEFAULT false,
    waiting      jsonb,
    waiting_at   timestamptz,
    CONSTRAINT operation_steps_pkey PRIMARY KEY (operation_id, attempt, step),
    CONSTRAINT operation_steps_operation_fkey FOREIGN KEY (operation_id) REFERENCES operations (id),
    CONSTRAINT operation_steps_outcome_check CHECK (outcome IN ('Running', 'Done', 'Failed'))
);
