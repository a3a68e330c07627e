-- Stores that were asked for, as if workers had made them: Ready after five steps.
DELETE FROM outbox;
UPDATE operations SET created_at = created_at - interval '1 hour';
UPDATE stores SET created_at = created_at - interval '1 hour';
UPDATE operations SET status = 'Succeeded', started_at = created_at + interval '1 s', finished_at = created_at + interval '21 s',
    last_heard_at = created_at + interval '21 s';
INSERT INTO operation_steps (operation_id, attempt, step, run, started_at, finished_at, outcome, changed)
SELECT o.id, 1, s.step, 0, o.created_at + make_interval(secs => s.place * 3), o.created_at + make_interval(secs => s.place * 3 + 2.5), 'Done', s.place < 4
FROM operations o, (VALUES ('Namespace', 1), ('Credentials', 2), ('Release', 3), ('Rollout', 4), ('Storefront', 5)) AS s (step, place);
UPDATE stores s SET status = 'Ready', ever_ready = true, version = 7, safe_spec = o.spec, chart = '0.2.0', revision = 1, shop = 'WooCommerce',
    images = '{"mysql": "mysql:9.7", "wordpress": "wordpress:7.1-php8.4-apache"}',
    ready_at = s.created_at + interval '21 s', updated_at = s.created_at + interval '21 s'
FROM operations o WHERE o.id = s.current_operation_id;
UPDATE stores SET health = 'Healthy', health_told = 'Healthy', health_term = 1, looked_at = now();
