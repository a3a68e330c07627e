-- What the relay's claim reads by (api/src/outbox/window.rs): the waiting commands of
-- each tenant in turn, the controls, and what is claimed. Each holds what waits or is
-- on its way and no more, so it is small and made at once. The one that is dropped
-- would lead past every tenant's rows to those of one.
CREATE INDEX outbox_turn_idx    ON outbox (tenant_id, next_attempt_at, id) WHERE kind = 'command' AND dispatched_at IS NULL;
CREATE INDEX outbox_control_idx ON outbox (id) WHERE kind = 'control';
CREATE INDEX outbox_claimed_idx ON outbox (claimed_until) WHERE claimed_until IS NOT NULL;
DROP INDEX outbox_waiting_idx;
