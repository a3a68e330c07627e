-- The public key of the links that let a store's owner in, as its web pods shall have
-- it; and what the store is, as the observer saw it last.
ALTER TABLE stores
    ADD COLUMN wanted_login_key text,
    ADD COLUMN shop             text,
    ADD CONSTRAINT stores_shop_check CHECK (shop IN ('WordPress', 'WooCommerce'));
