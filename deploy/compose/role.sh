#!/bin/sh
# Run once by the image of PostgreSQL, on an empty volume. The platform's role owns its
# database, may make another (a restored one) and is no superuser; the superuser's
# password is known to nobody.
set -eu
psql --set ON_ERROR_STOP=1 --username postgres <<'SQL'
\set password `cat /secrets/postgres-password`
CREATE ROLE urumi LOGIN CREATEDB PASSWORD :'password';
CREATE DATABASE urumi OWNER urumi;
SQL
