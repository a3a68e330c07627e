-- One spelling of a host, whoever writes it: lower case, no trailing dot, punycode.
ALTER TABLE stores DROP CONSTRAINT stores_host_check;
ALTER TABLE stores ADD CONSTRAINT stores_host_check
    CHECK (host ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$' AND length(host) <= 253);
