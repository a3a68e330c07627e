-- A delete that can still be undone: its operation is not begun before this moment, and
-- a cancel until then keeps the store. Additive, as 0011.
ALTER TABLE operations ADD COLUMN not_before timestamptz;
