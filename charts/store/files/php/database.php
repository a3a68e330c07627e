<?php
/**
 * A connection to the store's database and the set-up's own record in it: one
 * table of ours, which no page of WordPress can change. Knows nothing else.
 */
function urumi_connect(): mysqli|int
{
    mysqli_report(MYSQLI_REPORT_OFF);
    $connection = mysqli_init();
    $connection->options(MYSQLI_OPT_CONNECT_TIMEOUT, 2);
    $password = rtrim((string) file_get_contents('/etc/urumi/secrets/mysql-password'), "\r\n");
    $done = @$connection->real_connect(
        getenv('WORDPRESS_DB_HOST'),
        getenv('WORDPRESS_DB_USER'),
        $password,
        getenv('WORDPRESS_DB_NAME')
    );
    return $done ? $connection : $connection->connect_errno;
}

/** 'installing', 'installed', or null when the set-up never ran. */
function urumi_state(mysqli $connection): ?string
{
    $rows = $connection->query("SELECT value FROM urumi_setup WHERE name = 'wordpress'");
    return $rows ? ($rows->fetch_row()[0] ?? null) : null;
}

function urumi_record(mysqli $connection, string $state): void
{
    $connection->query('CREATE TABLE IF NOT EXISTS urumi_setup (name VARCHAR(32) PRIMARY KEY, value VARCHAR(64) NOT NULL)');
    if (!$connection->query("REPLACE INTO urumi_setup VALUES ('wordpress', '$state')")) {
        throw new RuntimeException('cannot record the state of the set-up: ' . $connection->error);
    }
}

/** The name that the platform gave the shop last, as a digest; null before the first. */
function urumi_named(mysqli $connection): ?string
{
    $rows = $connection->query("SELECT value FROM urumi_setup WHERE name = 'title'");
    return $rows ? ($rows->fetch_row()[0] ?? null) : null;
}

function urumi_name(mysqli $connection, string $name): void
{
    $digest = hash('sha256', $name);
    if (!$connection->query("REPLACE INTO urumi_setup VALUES ('title', '$digest')")) {
        throw new RuntimeException('cannot record the name of the shop: ' . $connection->error);
    }
}

/** The version of WordPress's tables, as the database has it; 0 without tables. */
function urumi_schema(mysqli $connection): int
{
    $rows = $connection->query("SELECT option_value FROM wp_options WHERE option_name = 'db_version'");
    return $rows ? (int) ($rows->fetch_row()[0] ?? 0) : 0;
}

/** The version of the tables that the image's WordPress works with. */
function urumi_wanted_schema(): int
{
    $wp_db_version = 0;
    include '/usr/src/wordpress/wp-includes/version.php';
    return (int) $wp_db_version;
}
