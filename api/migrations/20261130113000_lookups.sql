-- A page of stores looks each store's operation and its steps up by themselves, and a
-- label or a word each store. A hash is as deep for a million as for a thousand, a
-- tree is not. A bucket holds up to twice the mean while such an index doubles:
-- filled to less than half, it needs no second page, and what is searched is short.
-- Not CONCURRENTLY: that waits for every statement under way, also that of another
-- program which waits for this migration's lock. A million rows take seconds.
CREATE INDEX operations_id_hash ON operations USING hash (id) WITH (fillfactor = 40);
CREATE INDEX operation_steps_operation_hash ON operation_steps USING hash (operation_id) WITH (fillfactor = 40);
ALTER INDEX stores_id_hash SET (fillfactor = 40);
REINDEX INDEX stores_id_hash;
-- Else Postgres would go to a step by the tree of this key, as its rows lie in that order.
ALTER TABLE operation_steps DROP CONSTRAINT operation_steps_pkey;
ALTER TABLE operation_steps ADD CONSTRAINT operation_steps_pkey PRIMARY KEY (attempt, step, run, operation_id);
