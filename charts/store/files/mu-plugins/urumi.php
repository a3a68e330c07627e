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

// WordPress is upgraded with the image.
add_filter('map_meta_cap', fn(array $caps, string $cap): array => $cap === 'update_core' ? ['do_not_allow'] : $caps, 10, 2);

// Scheduled tasks are started by a request to this very pod; the store's public
// address may not be reachable from inside.
add_filter('cron_request', function (array $request): array {
    $home = parse_url(WP_HOME);
    $request['url'] = str_replace(site_url(), 'http://localhost:8080', $request['url']);
    $request['args']['headers']['Host'] = $home['host'];
    $request['args']['headers']['X-Forwarded-Proto'] = $home['scheme'];
    return $request;
});

// A page must not hang because an outside address does.
add_filter('http_request_timeout', fn($seconds) => min((float) $seconds, 10.0));
