-- A browser's login: a random cookie of which only SHA-256 is kept, good for as
-- long as the key that opened it is, and no longer than its own bounds.
CREATE TABLE sessions (
    hash         bytea       NOT NULL,
    api_key_id   uuid        NOT NULL,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (hash),
    CONSTRAINT sessions_api_key_fkey FOREIGN KEY (api_key_id) REFERENCES api_keys (id),
    CONSTRAINT sessions_hash_check CHECK (octet_length(hash) = 32)
);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);
