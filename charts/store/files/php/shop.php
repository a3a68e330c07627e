<?php
/**
 * Makes a shop of an installed WordPress: WooCommerce active, its tables and
 * pages made, and at the first time the settings without which nobody can buy
 * anything. What the owner changed since is left alone. setup.php runs it, with
 * the set-up's lock held; it may run any number of times. 0 done, 1 failed.
 */
require __DIR__ . '/database.php';
require __DIR__ . '/offline.php';

const PLUGIN = 'woocommerce/woocommerce.php';

$started = microtime(true);
function say(string $line): void
{
    global $started;
    printf("setup: %-9s %s (%d ms)\n", 'shop', $line, (microtime(true) - $started) * 1000);
}

/** The set-up pod has no volume; its plugins are a folder with one link. */
function load_with_woocommerce(): void
{
    is_dir('/tmp/plugins') || mkdir('/tmp/plugins');
    is_link('/tmp/plugins/woocommerce') || symlink('/usr/src/woocommerce', '/tmp/plugins/woocommerce');
    define('WP_PLUGIN_DIR', '/tmp/plugins');
    urumi_pretend_request('/wp-admin/index.php');
    require '/usr/src/wordpress/wp-includes/plugin.php';
    // In memory first: it becomes an option when WooCommerce has been loaded.
    add_filter('option_active_plugins', fn($active) => array_values(array_unique([...(array) $active, PLUGIN])));
    add_filter('woocommerce_enable_setup_wizard', '__return_false');
    // It looks into its tables before it makes them, and would copy a picture to
    // the volume, which is not here; a text in that option stands for the picture.
    add_action('muplugins_loaded', function (): void {
        global $wpdb;
        $wpdb->suppress_errors();
        get_option('woocommerce_placeholder_image')
            || update_option('woocommerce_placeholder_image', WP_SITEURL . '/wp-content/plugins/woocommerce/assets/images/placeholder.webp');
    });
    urumi_stay_inside();
    require '/usr/src/wordpress/wp-load.php';
    require_once ABSPATH . 'wp-admin/includes/admin.php';
    $GLOBALS['wpdb']->suppress_errors(false);
    if (!class_exists('WooCommerce')) {
        throw new RuntimeException('WooCommerce does not load');
    }
}

function upgrade_tables(): void
{
    foreach (WC_Install::get_db_update_callbacks() as $version => $callbacks) {
        if (version_compare((string) get_option('woocommerce_db_version'), $version, '>=')) {
            continue;
        }
        foreach ($callbacks as $callback) {
            // A long one works in portions and says true while some are left.
            do {
                $more = is_callable($callback) || function_exists($callback) ? $callback() : false;
            } while ($more === true);
        }
        WC_Install::update_db_version($version);
    }
    WC_Install::update_db_version();
}

function first_settings(): void
{
    $settings = [
        'woocommerce_currency' => getenv('URUMI_SHOP_CURRENCY'),
        'woocommerce_default_country' => getenv('URUMI_SHOP_COUNTRY'),
        'woocommerce_coming_soon' => 'no',
        'woocommerce_store_pages_only' => 'no',
        'woocommerce_allow_tracking' => 'no',
        'woocommerce_show_marketplace_suggestions' => 'no',
        'woocommerce_task_list_hidden' => 'yes',
        'woocommerce_onboarding_profile' => ['skipped' => true],
        'woocommerce_cod_settings' => ['enabled' => 'yes'] + (array) get_option('woocommerce_cod_settings', []),
    ];
    foreach ($settings as $name => $value) {
        update_option($name, $value);
    }
    // Goods need a way to the customer, or there is no checkout.
    $everywhere = new WC_Shipping_Zone(0);
    if (!$everywhere->get_shipping_methods()) {
        $everywhere->add_shipping_method('free_shipping');
    }
    $product = new WC_Product_Simple();
    $product->set_name('Sample product');
    $product->set_slug('sample-product');
    $product->set_sku('SAMPLE');
    $product->set_regular_price('10.00');
    $product->set_short_description('Shows that the shop sells. Replace it with your own.');
    $product->set_status('publish');
    if (!wc_get_product_id_by_sku('SAMPLE')) {
        $product->save();
    }
}

function check(): void
{
    foreach (['shop', 'cart', 'checkout', 'myaccount'] as $page) {
        if (get_post_status(wc_get_page_id($page)) !== 'publish') {
            throw new RuntimeException("the page `$page` is not there");
        }
    }
}

try {
    load_with_woocommerce();
    $connection = urumi_connect();
    if (is_int($connection)) {
        throw new RuntimeException("the database does not answer (error $connection)");
    }
    $before = urumi_state($connection, 'woocommerce');
    $version = WC()->version;
    say("WooCommerce $version loaded");
    if ($before !== $version) {
        WC_Install::install();
        upgrade_tables();
        // For half a minute it would lead whoever opens the admin to its own wizard.
        delete_transient('_wc_activation_redirect');
        say($before === null ? 'tables, roles and options made' : "tables upgraded from $before");
    }
    if ($before === null) {
        WC_Install::create_pages();
        first_settings();
        check();
        delete_option('rewrite_rules');
        say('pages, cash on delivery and a sample product made');
    }
    remove_all_filters('option_active_plugins');
    wp_cache_delete('alloptions', 'options');
    $active = (array) get_option('active_plugins', []);
    if (!in_array(PLUGIN, $active, true)) {
        update_option('active_plugins', array_values(array_merge([PLUGIN], $active)));
    }
    if ($before === null || version_compare($before, $version, '<')) {
        urumi_record($connection, $version, 'woocommerce');
    }
    say('open');
} catch (Throwable $error) {
    say('FAILED: ' . $error->getMessage() . ' at ' . basename($error->getFile()) . ':' . $error->getLine());
    exit(1);
}
