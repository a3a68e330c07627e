-- What people asked for and what became of it. `status` has one writer, the
-- projector's rule; every write compares `generation`.
CREATE TABLE stores (
    id                   text        NOT NULL,
    tenant_id            uuid        NOT NULL,
    name                 text        NOT NULL,
    plan                 text        NOT NULL,
    admin_email          text        NOT NULL,
    labels               jsonb       NOT NULL DEFAULT '{}',
    host                 text        NOT NULL,
    url                  text        NOT NULL,
    status               text        NOT NULL,
    generation           bigint      NOT NULL,
    ever_ready           boolean     NOT NULL DEFAULT false,
    failure              jsonb,
    current_operation_id uuid        NOT NULL,
    chart                text,
    revision             bigint,
    version              bigint      NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    ready_at             timestamptz,
    deleted_at           timestamptz,
    CONSTRAINT stores_pkey PRIMARY KEY (id),
    CONSTRAINT stores_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT stores_id_check CHECK (id ~ '^store-[bcdfghjklmnpqrstvwxz2456789]{6}$'),
    CONSTRAINT stores_name_check CHECK (char_length(name) BETWEEN 1 AND 60),
    CONSTRAINT stores_plan_check CHECK (plan IN ('small', 'medium', 'large')),
    CONSTRAINT stores_status_check CHECK (status IN (
        'Queued', 'Provisioning', 'Ready', 'Failed', 'Updating', 'Suspended',
        'Deleting', 'Deleted', 'DeleteFailed')),
    CONSTRAINT stores_generation_check CHECK (generation >= 1),
    CONSTRAINT stores_host_check CHECK (host = lower(host) AND host !~ '\.$')
);

-- Two living stores never share a host.
CREATE UNIQUE INDEX stores_host_live_key ON stores (host) WHERE status <> 'Deleted';
-- The two orders in which a tenant's list is read.
CREATE INDEX stores_tenant_live_idx ON stores (tenant_id, created_at, id) WHERE status <> 'Deleted';
CREATE INDEX stores_tenant_status_idx ON stores (tenant_id, status, created_at, id);
CREATE INDEX stores_tenant_all_idx ON stores (tenant_id, created_at, id);
