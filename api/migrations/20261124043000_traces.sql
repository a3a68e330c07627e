-- The trace of the request that began an operation, and of what is still to be said
-- (W3C Trace Context, `traceparent`). Rows of before have none.
ALTER TABLE operations ADD COLUMN traceparent text;
ALTER TABLE outbox ADD COLUMN traceparent text;
