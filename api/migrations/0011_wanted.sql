-- What is wanted of a store beside name and plan, what each operation asked for,
-- and what a store last was when it was Ready: a failed or cancelled update
-- returns to that. Additive: the program of the release before leaves the new
-- columns empty, and the newer one reads them so.
ALTER TABLE stores
    ADD COLUMN wanted_chart    text,
    ADD COLUMN wanted_image    text,
    ADD COLUMN wanted_replicas integer,
    ADD COLUMN safe_spec       jsonb,
    ADD CONSTRAINT stores_wanted_replicas_check CHECK (wanted_replicas >= 1);

ALTER TABLE operations ADD COLUMN spec jsonb;

-- Until now a store's spec never changed.
UPDATE stores SET safe_spec = jsonb_build_object(
    'id', id, 'name', name, 'host', host, 'url', url, 'plan', plan, 'admin_email', admin_email)
WHERE ever_ready;

UPDATE operations o SET spec = jsonb_build_object(
    'id', s.id, 'name', s.name, 'host', s.host, 'url', s.url, 'plan', s.plan, 'admin_email', s.admin_email)
FROM stores s WHERE s.id = o.store_id AND o.kind <> 'Delete';
