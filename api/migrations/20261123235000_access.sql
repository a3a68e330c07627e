-- Who may call the api. A key's text is shown once and never kept: `hash` is its
-- SHA-256, `prefix` the part by which people and the database know it again.
ALTER TABLE tenants
    ADD COLUMN max_stores     integer,
    ADD COLUMN max_operations integer,
    ADD CONSTRAINT tenants_name_check CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    ADD CONSTRAINT tenants_max_stores_check CHECK (max_stores >= 0),
    ADD CONSTRAINT tenants_max_operations_check CHECK (max_operations >= 0);
CREATE INDEX tenants_created_idx ON tenants (created_at, id);

CREATE TABLE api_keys (
    id           uuid        NOT NULL,
    tenant_id    uuid        NOT NULL,
    name         text        NOT NULL,
    role         text        NOT NULL,
    prefix       text        NOT NULL,
    hash         bytea       NOT NULL,
    created_by   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_prefix_key UNIQUE (prefix),
    CONSTRAINT api_keys_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT api_keys_name_check CHECK (char_length(name) BETWEEN 1 AND 60),
    CONSTRAINT api_keys_role_check CHECK (role IN ('viewer', 'operator', 'admin')),
    CONSTRAINT api_keys_hash_check CHECK (octet_length(hash) = 32)
);
CREATE INDEX api_keys_tenant_idx ON api_keys (tenant_id, created_at, id);
