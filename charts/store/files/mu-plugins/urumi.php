<?php
/**
 * Plugin Name: Urumi store
 * Description: Fits WordPress to a read-only image behind an ingress.
 *
 * What the platform changes in WordPress's behaviour, and nothing a shop sees.
 */
add_filter('xmlrpc_enabled', '__return_false');
add_filter('wp_headers', function (array $headers): array {
    unset($headers['X-Pingback']);
    return $headers;
});

// The server rewrites addresses by its own configuration; no file is to be written.
add_filter('got_rewrite', '__return_true');
add_filter('flush_rewrite_rules_hard', '__return_false');

// WordPress is upgraded with the image, and so is WooCommerce where it is a link to it.
add_filter('map_meta_cap', fn(array $caps, string $cap): array => $cap === 'update_core' ? ['do_not_allow'] : $caps, 10, 2);
add_filter('site_transient_update_plugins', function ($updates) {
    if (is_object($updates) && is_link(WP_PLUGIN_DIR . '/woocommerce')) {
        unset($updates->response['woocommerce/woocommerce.php']);
    }
    return $updates;
});

// Tasks are started by the CronJob; a request of the shop to itself may not get through.
add_filter('action_scheduler_allow_async_request_runner', '__return_false');

// A page must not hang because an outside address does.
add_filter('http_request_timeout', fn($seconds) => min((float) $seconds, 10.0));
