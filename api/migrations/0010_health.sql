-- How a Ready store does, as the elected observer saw it last: the newest look by
-- (term, time) wins. `health_told` is what the audit last said of it.
ALTER TABLE stores
    ADD COLUMN health         text        NOT NULL DEFAULT 'Unknown',
    ADD COLUMN health_reasons jsonb       NOT NULL DEFAULT '[]',
    ADD COLUMN health_term    bigint      NOT NULL DEFAULT 0,
    ADD COLUMN health_told    text,
    ADD COLUMN looked_at      timestamptz,
    ADD CONSTRAINT stores_health_check CHECK (health IN ('Unknown', 'Healthy', 'Degraded')),
    ADD CONSTRAINT stores_health_told_check CHECK (health_told IN ('Healthy', 'Degraded'));

-- The newest picture of each installation's namespaces.
CREATE TABLE inventories (
    installation text        NOT NULL,
    term         bigint      NOT NULL,
    taken_at     timestamptz NOT NULL,
    complete     boolean     NOT NULL,
    namespaces   jsonb       NOT NULL,
    CONSTRAINT inventories_pkey PRIMARY KEY (installation)
);
