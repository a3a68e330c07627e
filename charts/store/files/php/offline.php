<?php
/**
 * For processes of the set-up, which load WordPress without a request: what
 * WordPress wants to know of one, and a rein on what it would do outside.
 */
function urumi_pretend_request(string $path): void
{
    $url = parse_url(getenv('URUMI_STORE_URL'));
    $_SERVER['HTTP_HOST'] = $url['host'] . (isset($url['port']) ? ':' . $url['port'] : '');
    $_SERVER['SERVER_NAME'] = $url['host'];
    $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
    $_SERVER['REQUEST_METHOD'] = 'GET';
    $_SERVER['REQUEST_URI'] = $_SERVER['PHP_SELF'] = $path;
}

/** Nothing answers on a set-up pod, and nothing outside has to be asked. */
function urumi_stay_inside(): void
{
    add_filter('pre_http_request', fn() => new WP_Error('set_up', 'no requests during set-up'));
    add_filter('pre_wp_mail', '__return_false');
}
