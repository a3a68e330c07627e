-- A key belongs to whoever used it, not to the whole tenant. No release knows the
-- old primary key.
ALTER TABLE idempotency_keys ADD COLUMN principal text NOT NULL DEFAULT 'local';
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey;
ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, principal, key);
