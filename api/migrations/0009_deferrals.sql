-- Why workers put an operation off: the latest time for each reason they gave.
ALTER TABLE operations ADD COLUMN deferrals jsonb NOT NULL DEFAULT '{}';
