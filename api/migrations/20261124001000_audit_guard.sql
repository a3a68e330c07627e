-- The audit is insert-only for everybody but who may change the schema itself:
-- the trigger fires for replication roles too, the owner gives its own rights up,
-- and the head only moves forward. Against whoever may change the schema helps a
-- head that is kept elsewhere (GET /audit/verify).
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_change;

CREATE FUNCTION audit_head_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.seq > OLD.seq THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_head only moves forward: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'audit_head_forward';
END $$;
CREATE TRIGGER audit_head_forward
    BEFORE UPDATE OR DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_head_forward();
CREATE TRIGGER audit_head_no_truncate
    BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_head_forward();
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_forward;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_no_truncate;

DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit_events FROM PUBLIC, %I', current_user);
    EXECUTE format('REVOKE INSERT, DELETE, TRUNCATE ON audit_head FROM PUBLIC, %I', current_user);
END $$;
