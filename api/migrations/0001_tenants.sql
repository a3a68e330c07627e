-- Who owns stores. Local mode has exactly one tenant (shared::ids::TenantId::LOCAL).
CREATE TABLE tenants (
    id          uuid        NOT NULL,
    name        text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenants_pkey PRIMARY KEY (id),
    CONSTRAINT tenants_name_key UNIQUE (name)
);

INSERT INTO tenants (id, name) VALUES ('00000000-0000-7000-8000-000000000001', 'local');
