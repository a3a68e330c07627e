<?php
/**
 * Plugin Name: Urumi store: names
 * Description: Keeps the names with which people log in to themselves.
 *
 * WordPress tells strangers who may log in, in six places; a password is then the
 * only thing left to guess. Who may list users in the admin still sees them.
 */
function urumi_may_see_users(): bool
{
    return current_user_can('list_users');
}

// /wp-json/wp/v2/users
add_filter('rest_endpoints', function (array $endpoints): array {
    if (urumi_may_see_users()) {
        return $endpoints;
    }
    $hidden = fn(string $route): bool => (bool) preg_match('#^/wp/v2/users(/(?!me)|$)#', $route);
    return array_filter($endpoints, fn(string $route): bool => !$hidden($route), ARRAY_FILTER_USE_KEY);
});

// ?author=1 and /author/name/, before WordPress redirects the one to the other
add_action('parse_request', function (WP $wp): void {
    if (!is_admin() && !urumi_may_see_users() && array_intersect_key($wp->query_vars, ['author' => 1, 'author_name' => 1])) {
        $wp->query_vars = ['error' => '404'];
    }
});

// The author's address in pages, feeds and REST answers
add_filter('author_link', fn(): string => home_url('/'));
add_filter('oembed_response_data', fn(array $data): array => array_diff_key($data, ['author_name' => 1, 'author_url' => 1]));
// /wp-sitemap-users-1.xml
add_filter('wp_sitemaps_add_provider', fn($provider, string $name) => $name === 'users' ? false : $provider, 10, 2);
// A wrong password and an unknown name are told alike, on every form.
add_filter('authenticate', function ($user) {
    $telling = ['invalid_username', 'invalid_email', 'incorrect_password'];
    return is_wp_error($user) && array_intersect($user->get_error_codes(), $telling)
        ? new WP_Error('wrong_login', 'The name or the password is wrong.')
        : $user;
}, 100);
