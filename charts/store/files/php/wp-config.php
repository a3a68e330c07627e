<?php
/**
 * WordPress's configuration: settings from the pod's environment, secrets from
 * the files of the store's Secret. The chart mounts it; nothing rewrites it.
 */
function urumi_secret(string $name): string
{
    return rtrim((string) file_get_contents('/etc/urumi/secrets/' . $name), "\r\n");
}

define('DB_HOST', getenv('WORDPRESS_DB_HOST'));
define('DB_NAME', getenv('WORDPRESS_DB_NAME'));
define('DB_USER', getenv('WORDPRESS_DB_USER'));
define('DB_PASSWORD', urumi_secret('mysql-password'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
$table_prefix = 'wp_';

foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $use) {
    $name = 'wordpress-' . strtolower(strtr($use, '_', '-'));
    define($use . '_KEY', urumi_secret($name . '-key'));
    define($use . '_SALT', urumi_secret($name . '-salt'));
}

// One address, given by the platform. It also names the port.
define('WP_HOME', rtrim(getenv('URUMI_STORE_URL'), '/'));
define('WP_SITEURL', WP_HOME);
$urumi_url = parse_url(WP_HOME);

// A request for the store's host without its port is a request for the store;
// WordPress would answer it with a redirect.
if (strtok($_SERVER['HTTP_HOST'] ?? '', ':') === $urumi_url['host']) {
    $_SERVER['HTTP_HOST'] = $urumi_url['host'] . (isset($urumi_url['port']) ? ':' . $urumi_url['port'] : '');
}

// TLS ends at the ingress. Without its word, the scheme of the address holds, so
// that no redirect can lead back to itself.
$urumi_scheme = getenv('URUMI_TRUST_FORWARDED_PROTO')
    ? trim(strtok($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? $urumi_url['scheme'], ','))
    : $urumi_url['scheme'];
if ($urumi_scheme === 'https') {
    $_SERVER['HTTPS'] = 'on';
    $_SERVER['SERVER_PORT'] = '443';
}
define('FORCE_SSL_ADMIN', $urumi_url['scheme'] === 'https');

// WordPress itself comes from the image and is replaced with it; what the shop's
// owner adds lies on the volume.
define('WPMU_PLUGIN_DIR', '/etc/urumi/mu-plugins');
define('FS_METHOD', 'direct');
define('DISALLOW_FILE_EDIT', true);
define('WP_AUTO_UPDATE_CORE', false);
// A CronJob starts them (cron.php), so that no visitor waits for a task.
define('DISABLE_WP_CRON', true);
if (getenv('URUMI_BLOCK_EXTERNAL')) {
    define('WP_HTTP_BLOCK_EXTERNAL', true);
    define('WP_ACCESSIBLE_HOSTS', 'localhost');
}

define('WP_DEBUG', (bool) getenv('WORDPRESS_DEBUG'));
define('WP_DEBUG_DISPLAY', false);
define('WP_DEBUG_LOG', '/dev/stderr');
{{ .Values.wordpress.configExtra }}
if (!defined('ABSPATH')) {
    define('ABSPATH', '/usr/src/wordpress/');
}
require_once ABSPATH . 'wp-settings.php';
