<?php
/**
 * Plugin Name: Urumi store: login links
 * Description: Lets the shop's owner in by a link that the platform signed.
 *
 * The signed word stands behind the # of the address, so that no server's log, proxy
 * or preview has it; the page hands it on by POST. It lets in once, into this store
 * alone, for a minute at most. Each use and each refusal is one line of the pod's log
 * that begins with `urumi-login:`. Without the platform's key there are no links.
 */
const URUMI_LOGIN_PURPOSE = 'urumi-login-v1.';
const URUMI_LOGIN_SECONDS = 60;
/** What the clocks of platform and node may differ by. */
const URUMI_LOGIN_EARLY = 10;

function urumi_login_bytes(string $text): string
{
    return (string) base64_decode(strtr($text, '-_', '+/'), true);
}

/**
 * The claims of a word that holds here and now, or why it does not. Pure.
 * `id` is told only of words that the platform did sign.
 */
function urumi_login_verdict(string $word, string $key, string $store, int $now): array
{
    $refused = fn(string $why, string $id = '-'): array => ['refused' => $why, 'id' => $id];
    if (strlen($word) > 1024 || !preg_match('/^([\w-]+)\.([\w-]{86})$/D', $word, $parts)) {
        return $refused('malformed');
    }
    $signature = urumi_login_bytes($parts[2]);
    if (
        strlen($key) !== SODIUM_CRYPTO_SIGN_PUBLICKEYBYTES || strlen($signature) !== SODIUM_CRYPTO_SIGN_BYTES
        || !sodium_crypto_sign_verify_detached($signature, URUMI_LOGIN_PURPOSE . $parts[1], $key)
    ) {
        return $refused('forged');
    }
    $claims = json_decode(urumi_login_bytes($parts[1]), true);
    $id = $claims['id'] ?? null;
    $from = $claims['from'] ?? null;
    $until = $claims['until'] ?? null;
    if (!is_string($id) || !preg_match('/^[0-9a-f-]{36}$/D', $id) || !is_int($from) || !is_int($until)) {
        return $refused('malformed');
    }
    return match (true) {
        ($claims['store'] ?? null) !== $store => $refused('other_store', $id),
        $until <= $now, $until - $from > URUMI_LOGIN_SECONDS => $refused('late', $id),
        $from > $now + URUMI_LOGIN_EARLY => $refused('early', $id),
        default => ['refused' => null, 'id' => $id, 'until' => $until],
    };
}

/** Whether this is the first use; all web pods ask one table. Fails shut. */
function urumi_login_first_use(string $id, int $until): bool
{
    global $wpdb;
    $wpdb->query('CREATE TABLE IF NOT EXISTS urumi_logins (id CHAR(36) PRIMARY KEY, until BIGINT NOT NULL)');
    // Long over: a clock that goes back does not bring them back.
    $wpdb->query($wpdb->prepare('DELETE FROM urumi_logins WHERE until < %d', time() - DAY_IN_SECONDS));
    return $wpdb->query($wpdb->prepare('INSERT IGNORE INTO urumi_logins VALUES (%s, %d)', $id, $until)) === 1;
}

/** The first administrator: whom the set-up made, while he is one. */
function urumi_login_owner(): ?WP_User
{
    $found = get_users(['role' => 'administrator', 'orderby' => 'ID', 'order' => 'ASC', 'number' => 1]);
    return $found[0] ?? null;
}

function urumi_login_take(string $word): void
{
    $key = urumi_login_bytes((string) getenv('URUMI_LOGIN_PUBLIC'));
    $verdict = urumi_login_verdict($word, $key, (string) getenv('URUMI_STORE_ID'), time());
    $owner = $verdict['refused'] === null ? urumi_login_owner() : null;
    $refused = $verdict['refused'] ?? match (true) {
        $owner === null => 'no_owner',
        !urumi_login_first_use($verdict['id'], $verdict['until']) => 'used_before',
        default => null,
    };
    error_log('urumi-login: ' . ($refused === null ? 'let in' : "refused, $refused") . ', link ' . $verdict['id']);
    if ($refused !== null) {
        wp_die('This link lets nobody in any more. Ask for a new one.', 'Login', ['response' => 403]);
    }
    wp_set_auth_cookie($owner->ID, false, is_ssl());
    do_action('wp_login', $owner->user_login, $owner);
    wp_safe_redirect(admin_url());
    exit;
}

(string) getenv('URUMI_LOGIN_PUBLIC') === '' || add_action('login_form_urumi', function (): void {
    header('Referrer-Policy: no-referrer');
    if ($_SERVER['REQUEST_METHOD'] === 'POST') {
        urumi_login_take(is_string($_POST['word'] ?? null) ? $_POST['word'] : '');
    }
    header('Content-Type: text/html; charset=UTF-8');
    exit('<!doctype html><meta charset="utf-8"><meta name="robots" content="noindex"><title>Login</title>
<form method="post"><input type="hidden" name="word"><noscript>This link needs JavaScript.</noscript></form>
<script>
const form = document.forms[0], word = location.hash.slice(1);
history.replaceState(null, "", location.pathname + location.search);
form.word.value = word;
form.submit();
</script>
');
});
