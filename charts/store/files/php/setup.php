<?php
/**
 * Finishes WordPress's installation, or upgrades its tables after a new image, and
 * gives the shop a new name; then shop.php, in a process of its own, makes a shop of it.
 * May run any number of times. Exit codes: 0 done · 10 the database does not
 * answer · 11 the database refuses the password · 12 the installation failed ·
 * 13 the upgrade failed · 14 settings or secrets are missing · 15 WooCommerce is
 * not there, or not the one asked for · 16 the shop failed. One line per step.
 */
require __DIR__ . '/database.php';
require __DIR__ . '/offline.php';

const UNREACHABLE = 10;
const REFUSED = 11;
const NOT_INSTALLED = 12;
const NOT_UPGRADED = 13;
const INCOMPLETE = 14;
const NO_WOOCOMMERCE = 15;
const NO_SHOP = 16;

/** In WordPress's place: the owner is told by the platform, not by mail from a set-up pod. */
function wp_new_blog_notification(): void
{
}

$started = microtime(true);
function say(string $step, string $line): void
{
    global $started;
    printf("setup: %-9s %s (%d ms)\n", $step, $line, (microtime(true) - $started) * 1000);
}
function fail(int $code, string $step, string $line): never
{
    say($step, 'FAILED: ' . $line);
    exit($code);
}

function check_settings(): void
{
    foreach (['URUMI_STORE_URL', 'URUMI_STORE_NAME', 'URUMI_ADMIN_EMAIL'] as $name) {
        (string) getenv($name) !== '' || fail(INCOMPLETE, 'settings', "$name is empty; see values store.*");
    }
    foreach (['mysql-password', 'wordpress-admin-user', 'wordpress-admin-password', 'wordpress-auth-key'] as $key) {
        (string) @file_get_contents("/etc/urumi/secrets/$key") !== ''
            || fail(INCOMPLETE, 'settings', "the key $key of the store's Secret is missing or empty");
    }
    $found = urumi_woocommerce();
    $wanted = (string) getenv('URUMI_WOOCOMMERCE_VERSION');
    if ($found === '') {
        fail(NO_WOOCOMMERCE, 'settings', 'no WooCommerce in /usr/src/woocommerce; use an image that holds it, or another woocommerce.source');
    }
    if ($found !== null && $wanted !== '' && $found !== $wanted) {
        fail(NO_WOOCOMMERCE, 'settings', "the WooCommerce found is $found; woocommerce.version asks for $wanted");
    }
    say('settings', 'complete, ' . ($found === null ? 'a plain WordPress' : "WooCommerce $found"));
}

function wait_for_database(): mysqli
{
    $deadline = microtime(true) + (int) getenv('URUMI_DATABASE_WAIT_SECONDS');
    $refusals = 0;
    while (is_int($connection = urumi_connect())) {
        // Its accounts are made before it listens, so a refusal hardly ever passes.
        $refusals = in_array($connection, [1044, 1045], true) ? $refusals + 1 : 0;
        if ($refusals > 100) {
            fail(REFUSED, 'database', "refuses the password of the store's Secret (error $connection)");
        }
        if (microtime(true) > $deadline) {
            fail(UNREACHABLE, 'database', "does not answer (error $connection)");
        }
        usleep(100_000);
    }
    // One set-up at a time; the lock goes with the connection.
    $locked = $connection->query("SELECT GET_LOCK('urumi_setup', 120)")?->fetch_row()[0];
    $locked === '1' || fail(UNREACHABLE, 'database', 'another set-up holds the lock');
    say('database', 'answers');
    return $connection;
}

/** Tables that an interrupted first installation left: never served, so no loss. */
function drop_half_installation(mysqli $connection): void
{
    $connection->query('SET foreign_key_checks = 0');
    foreach ($connection->query("SHOW TABLES LIKE 'wp\\_%'")->fetch_all() as [$table]) {
        $connection->query("DROP TABLE `$table`");
    }
    say('wordpress', 'removed what an interrupted installation left');
}

function load_wordpress(): void
{
    urumi_pretend_request('/wp-admin/install.php');
    define('WP_INSTALLING', true);
    require '/usr/src/wordpress/wp-load.php';
    require_once ABSPATH . 'wp-admin/includes/upgrade.php';
    urumi_stay_inside();
}

function install(): void
{
    $user = urumi_secret('wordpress-admin-user');
    wp_install(getenv('URUMI_STORE_NAME'), $user, getenv('URUMI_ADMIN_EMAIL'), true, '', urumi_secret('wordpress-admin-password'));
    $admin = get_user_by('login', $user);
    if (!is_blog_installed() || !$admin || !user_can($admin, 'manage_options')) {
        throw new RuntimeException('WordPress made no administrator');
    }
    // The login name is nobody's business: pages and feeds show the shop's name.
    wp_update_user([
        'ID' => $admin->ID, 'nickname' => get_option('blogname'), 'display_name' => get_option('blogname'), 'user_nicename' => 'shop',
    ]);
    update_option('blogdescription', '');
    update_option('permalink_structure', '/%postname%/');
    // Built again at the first request, with all of WordPress loaded.
    delete_option('rewrite_rules');
}

/** A new name from the platform is the new title; one that its owner set stays until then. */
function name_shop(mysqli $connection): void
{
    $name = (string) getenv('URUMI_STORE_NAME');
    $before = urumi_state($connection, 'title');
    if ($before === hash('sha256', $name)) {
        return;
    }
    if ($before !== null) {
        update_option('blogname', $name);
        say('wordpress', 'took the new name');
    }
    urumi_record($connection, hash('sha256', $name), 'title');
}

check_settings();
$connection = wait_for_database();
$state = urumi_state($connection);
$failing = $state === 'installed' ? NOT_UPGRADED : NOT_INSTALLED;
register_shutdown_function(function () use (&$failing): void {
    // WordPress ends the process by itself when it is very unhappy.
    $failing === 0 || exit($failing);
});
try {
    if ($state === 'installing') {
        drop_half_installation($connection);
    }
    if ($state === null && urumi_schema($connection) > 0) {
        say('wordpress', 'found an installation that was brought here');
    } elseif ($state !== 'installed') {
        urumi_record($connection, 'installing');
    }
    load_wordpress();
    say('wordpress', "loaded $wp_version");
    if (!is_blog_installed()) {
        install();
        say('wordpress', 'installed');
    }
    if (urumi_schema($connection) < urumi_wanted_schema()) {
        $failing = NOT_UPGRADED;
        wp_upgrade();
        say('wordpress', 'upgraded the tables');
    }
    if (urumi_schema($connection) < urumi_wanted_schema()) {
        throw new RuntimeException('the tables are still of an older version');
    }
    // The record's table is there now, also of an installation that was brought here.
    urumi_record($connection, 'installed');
    name_shop($connection);
    if (urumi_woocommerce() !== null) {
        $failing = NO_SHOP;
        // A plugin can only be loaded at the beginning of a process.
        passthru(PHP_BINARY . ' ' . __DIR__ . '/shop.php', $code);
        if ($code !== 0) {
            throw new RuntimeException("the shop's part ended with $code; see above");
        }
    }
} catch (Throwable $error) {
    fail($failing, 'wordpress', $error->getMessage());
}
$failing = 0;
say('done', 'the store is set up');
