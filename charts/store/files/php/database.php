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

/**
 * Of `wordpress`: 'installing', 'installed', or null when the set-up never ran.
 * Of `woocommerce`: the version the shop was set up with, or null.
 * Of `title`: the name that the platform gave the shop last, as a digest, or null.
 */
function urumi_state(mysqli $connection, string $of = 'wordpress'): ?string
{
    $rows = $connection->query("SELECT value FROM urumi_setup WHERE name = '$of'");
    return $rows ? ($rows->fetch_row()[0] ?? null) : null;
}

function urumi_record(mysqli $connection, string $state, string $of = 'wordpress'): void
{
    $connection->query('CREATE TABLE IF NOT EXISTS urumi_setup (name VARCHAR(32) PRIMARY KEY, value VARCHAR(64) NOT NULL)');
    if (!$connection->query("REPLACE INTO urumi_setup VALUES ('$of', '$state')")) {
        throw new RuntimeException('cannot record the state of the set-up: ' . $connection->error);
    }
}

/** Whether the set-up has done all that the WordPress and WooCommerce of this pod need. */
function urumi_is_set_up(mysqli $connection): bool
{
    $shop = urumi_woocommerce();
    return urumi_state($connection) === 'installed'
        && ($shop === null || version_compare(urumi_state($connection, 'woocommerce') ?? '0', $shop, '>='));
}

/** The version of the WooCommerce that this pod is to run; null if it is to run none. */
function urumi_woocommerce(): ?string
{
    if (getenv('URUMI_WOOCOMMERCE_SOURCE') === 'none') {
        return null;
    }
    $head = (string) @file_get_contents('/usr/src/woocommerce/woocommerce.php', length: 4096);
    return preg_match('/^[ \t*]*Version:[ \t]*([0-9A-Za-z.-]+)/m', $head, $found) ? $found[1] : '';
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
