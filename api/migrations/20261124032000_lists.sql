-- What the list of stores is read by: an index for each order of each filter
-- (api/src/stores/list/order.rs), so that a page costs the same at a thousand stores
-- and at a million; labels and words in tables of their own; counts that are kept.
-- All of it follows `stores` by triggers, so the program of the release before
-- keeps it up too. In one transaction, not CONCURRENTLY: the new column writes the
-- table anew, and until it ends nobody else can.

ALTER TABLE stores ADD COLUMN name_key text COLLATE "C" GENERATED ALWAYS AS (lower(name)) STORED;

CREATE INDEX stores_live_updated_idx   ON stores (tenant_id, updated_at, id) WHERE status <> 'Deleted';
CREATE INDEX stores_live_name_idx      ON stores (tenant_id, name_key, id) WHERE status <> 'Deleted';
CREATE INDEX stores_all_updated_idx    ON stores (tenant_id, updated_at, id);
CREATE INDEX stores_all_name_idx       ON stores (tenant_id, name_key, id);
CREATE INDEX stores_status_updated_idx ON stores (tenant_id, status, updated_at, id);
CREATE INDEX stores_status_name_idx    ON stores (tenant_id, status, name_key, id);
CREATE INDEX stores_health_created_idx ON stores (tenant_id, health, created_at, id) WHERE status <> 'Deleted';
CREATE INDEX stores_health_updated_idx ON stores (tenant_id, health, updated_at, id) WHERE status <> 'Deleted';
CREATE INDEX stores_health_name_idx    ON stores (tenant_id, health, name_key, id) WHERE status <> 'Deleted';
CREATE INDEX stores_plan_created_idx   ON stores (tenant_id, plan, created_at, id) WHERE status <> 'Deleted';
CREATE INDEX stores_plan_updated_idx   ON stores (tenant_id, plan, updated_at, id) WHERE status <> 'Deleted';
CREATE INDEX stores_plan_name_idx      ON stores (tenant_id, plan, name_key, id) WHERE status <> 'Deleted';
-- A label or a word leads to its stores one by one; a hash is as deep for a million
-- as for a thousand.
CREATE INDEX stores_id_hash ON stores USING hash (id);

-- One order for a store's operations that needs no sorting.
CREATE INDEX operations_store_created_idx ON operations (store_id, created_at, id);
DROP INDEX operations_store_idx;

-- Health as it may be shown: it begins anew with every status.
CREATE FUNCTION stores_health_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.health := 'Unknown';
    NEW.health_reasons := '[]';
    RETURN NEW;
END $$;
CREATE TRIGGER stores_health_anew BEFORE UPDATE ON stores FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.health <> 'Unknown') EXECUTE FUNCTION stores_health_anew();
UPDATE stores SET health = 'Unknown', health_reasons = '[]' WHERE status <> 'Ready' AND health <> 'Unknown';

-- Labels of living stores, `key:value` (a key holds no colon).
CREATE TABLE store_labels (
    tenant_id  uuid        NOT NULL,
    label      text        COLLATE "C" NOT NULL,
    store_id   text        NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    name_key   text        COLLATE "C" NOT NULL,
    CONSTRAINT store_labels_pkey PRIMARY KEY (store_id, label),
    CONSTRAINT store_labels_store_fkey FOREIGN KEY (store_id) REFERENCES stores (id) ON DELETE CASCADE
);
CREATE INDEX store_labels_created_idx ON store_labels (tenant_id, label, created_at, store_id);
CREATE INDEX store_labels_updated_idx ON store_labels (tenant_id, label, updated_at, store_id);
CREATE INDEX store_labels_name_idx    ON store_labels (tenant_id, label, name_key, store_id);

CREATE FUNCTION store_labels_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM store_labels WHERE store_id = NEW.id;
    END IF;
    IF NEW.status <> 'Deleted' THEN
        INSERT INTO store_labels (tenant_id, label, store_id, created_at, updated_at, name_key)
        SELECT NEW.tenant_id, key || ':' || value, NEW.id, NEW.created_at, NEW.updated_at, NEW.name_key
        FROM jsonb_each_text(NEW.labels);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER store_labels_born AFTER INSERT ON stores FOR EACH ROW
    WHEN (NEW.labels <> '{}') EXECUTE FUNCTION store_labels_follow();
CREATE TRIGGER store_labels_follow AFTER UPDATE ON stores FOR EACH ROW
    WHEN ((OLD.labels <> '{}' OR NEW.labels <> '{}')
        AND (OLD.labels, OLD.tenant_id, OLD.status = 'Deleted', OLD.created_at, OLD.updated_at, OLD.name)
            IS DISTINCT FROM (NEW.labels, NEW.tenant_id, NEW.status = 'Deleted', NEW.created_at, NEW.updated_at, NEW.name))
    EXECUTE FUNCTION store_labels_follow();

-- What a text search compares: lower case, one space for anything that is neither
-- letter nor digit.
CREATE FUNCTION store_search_text(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(lower(given), '[\s!-/:-@\[-`{-~]+', ' ', 'g'))
$$;
-- Where a search may begin: at each of a name's first words, at the host (which
-- begins with the id), and at the id without `store-`.
CREATE FUNCTION store_search_words(id text, name text, host text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_string(words[n:], ' ')
    FROM string_to_array(store_search_text(name), ' ') AS words, generate_series(1, least(8, cardinality(words))) AS n
    UNION SELECT store_search_text(host)
    UNION SELECT substr(id, 7)
$$;
CREATE FUNCTION store_words_shared(one text, other text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(max(n), 0) FROM generate_series(1, least(length(one), length(other))) AS n
    WHERE left(one, n) = left(other, n)
$$;

-- Words of living stores. `shared` is how many characters the word's begin has in
-- common with another of the same store that comes before it: a search for so
-- short a text has met the store there.
CREATE TABLE store_words (
    tenant_id uuid    NOT NULL,
    word      text    COLLATE "C" NOT NULL,
    store_id  text    NOT NULL,
    shared    integer NOT NULL,
    CONSTRAINT store_words_pkey PRIMARY KEY (store_id, word),
    CONSTRAINT store_words_store_fkey FOREIGN KEY (store_id) REFERENCES stores (id) ON DELETE CASCADE
);
CREATE INDEX store_words_tenant_idx ON store_words (tenant_id, word, store_id) INCLUDE (shared);

CREATE FUNCTION store_words_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM store_words WHERE store_id = NEW.id;
    END IF;
    IF NEW.status <> 'Deleted' THEN
        INSERT INTO store_words (tenant_id, word, store_id, shared)
        SELECT NEW.tenant_id, word, NEW.id,
            store_words_shared(lag(word) OVER (ORDER BY word COLLATE "C"), word)
        FROM store_search_words(NEW.id, NEW.name, NEW.host) AS word;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER store_words_born AFTER INSERT ON stores FOR EACH ROW EXECUTE FUNCTION store_words_follow();
CREATE TRIGGER store_words_follow AFTER UPDATE ON stores FOR EACH ROW
    WHEN ((OLD.name, OLD.host, OLD.tenant_id, OLD.status = 'Deleted')
        IS DISTINCT FROM (NEW.name, NEW.host, NEW.tenant_id, NEW.status = 'Deleted'))
    EXECUTE FUNCTION store_words_follow();

-- How many stores a tenant has of each status and health: the sum of its rows. A
-- change adds rows and locks none; now and then one of them adds up its tenant's.
CREATE TABLE store_counts (
    id        bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id uuid   NOT NULL,
    status    text   NOT NULL,
    health    text   NOT NULL,
    stores    bigint NOT NULL,
    CONSTRAINT store_counts_pkey PRIMARY KEY (id)
);
CREATE INDEX store_counts_tenant_idx ON store_counts (tenant_id);

CREATE FUNCTION store_counts_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO store_counts (tenant_id, status, health, stores) VALUES (OLD.tenant_id, OLD.status, OLD.health, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO store_counts (tenant_id, status, health, stores) VALUES (NEW.tenant_id, NEW.status, NEW.health, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION store_counts_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH gone AS (
        DELETE FROM store_counts WHERE id IN (
            SELECT id FROM store_counts WHERE tenant_id = NEW.tenant_id LIMIT 10000 FOR UPDATE SKIP LOCKED)
        RETURNING tenant_id, status, health, stores)
    INSERT INTO store_counts (tenant_id, status, health, stores)
    SELECT tenant_id, status, health, sum(stores) FROM gone GROUP BY 1, 2, 3 HAVING sum(stores) <> 0;
    RETURN NULL;
END $$;
-- By chance, so that no tenant's changes are passed over; its own sums do not count.
CREATE TRIGGER store_counts_add_up AFTER INSERT ON store_counts FOR EACH ROW
    WHEN (pg_trigger_depth() = 1 AND random() < 0.01) EXECUTE FUNCTION store_counts_add_up();

CREATE TRIGGER store_counts_born AFTER INSERT OR DELETE ON stores FOR EACH ROW EXECUTE FUNCTION store_counts_follow();
CREATE TRIGGER store_counts_follow AFTER UPDATE ON stores FOR EACH ROW
    WHEN ((OLD.tenant_id, OLD.status, OLD.health) IS DISTINCT FROM (NEW.tenant_id, NEW.status, NEW.health))
    EXECUTE FUNCTION store_counts_follow();

INSERT INTO store_labels (tenant_id, label, store_id, created_at, updated_at, name_key)
SELECT tenant_id, key || ':' || value, id, created_at, updated_at, name_key
FROM stores, jsonb_each_text(labels) WHERE status <> 'Deleted';
INSERT INTO store_words (tenant_id, word, store_id, shared)
SELECT tenant_id, word, id, store_words_shared(lag(word) OVER (PARTITION BY id ORDER BY word COLLATE "C"), word)
FROM stores, store_search_words(id, name, host) AS word WHERE status <> 'Deleted';
INSERT INTO store_counts (tenant_id, status, health, stores)
SELECT tenant_id, status, health, count(*) FROM stores GROUP BY 1, 2, 3;
