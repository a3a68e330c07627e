-- A step that is run again in the same attempt (after a repair, or by whoever
-- takes a dead worker's place) is a row of its own. No release knows the old key.
ALTER TABLE operation_steps ADD COLUMN run integer NOT NULL DEFAULT 0;
ALTER TABLE operation_steps ADD CONSTRAINT operation_steps_run_check CHECK (run >= 0);
ALTER TABLE operation_steps DROP CONSTRAINT operation_steps_pkey;
ALTER TABLE operation_steps ADD CONSTRAINT operation_steps_pkey PRIMARY KEY (operation_id, attempt, step, run);
