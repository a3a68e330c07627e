-- A store's life: suspended or not, what it was before its last change of versions,
-- the images that its workloads run, and whether a delete is refused. Labels are there
-- since 0002. Additive, as 0011.
ALTER TABLE stores
    ADD COLUMN wanted_suspended    boolean NOT NULL DEFAULT false,
    ADD COLUMN deletion_protection boolean NOT NULL DEFAULT false,
    ADD COLUMN images              jsonb   NOT NULL DEFAULT '{}',
    ADD COLUMN previous            jsonb;
