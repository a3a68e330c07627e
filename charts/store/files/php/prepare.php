<?php
/**
 * Runs before a web server may: brings the image's themes and plugins to the
 * volume, then waits until the set-up Job has installed (or upgraded) WordPress
 * and the shop. It changes nothing that is on the volume already, and nothing in
 * the database. WooCommerce stays in the image: the volume gets a link to it.
 * Exit codes: 0 installed · 14 the volume is not writable · 15 the volume is full.
 */
require __DIR__ . '/database.php';

const FROM = '/usr/src/wordpress/wp-content';
const TO = '/content';

function copy_tree(string $from, string $to): void
{
    if (is_file($from)) {
        if (!copy($from, $to)) {
            fwrite(STDERR, "prepare: cannot write $to; is the volume full?\n");
            exit(15);
        }
        return;
    }
    is_dir($to) || mkdir($to, 0775);
    foreach (array_diff(scandir($from), ['.', '..']) as $name) {
        copy_tree("$from/$name", "$to/$name");
    }
}

function remove_tree(string $path): void
{
    foreach (is_dir($path) ? array_diff(scandir($path), ['.', '..']) : [] as $name) {
        remove_tree("$path/$name");
    }
    is_dir($path) ? rmdir($path) : unlink($path);
}

/** A folder gets its name when it is complete; another pod may be faster. */
function bring(string $relative): void
{
    if (file_exists(TO . $relative)) {
        return;
    }
    $partial = TO . '/.new-' . gethostname() . '-' . strtr(trim($relative, '/'), '/', '-');
    copy_tree(FROM . $relative, $partial);
    @rename($partial, TO . $relative) || remove_tree($partial);
}

// What a pod that was killed while copying left behind.
array_map('remove_tree', array_filter(glob(TO . '/.new-*'), fn($path) => time() - filemtime($path) > 600));

$start = microtime(true);
$say = function (string $line) use ($start): void {
    printf("prepare: %s (%d ms)\n", $line, (microtime(true) - $start) * 1000);
};

foreach (['plugins', 'themes', 'uploads'] as $folder) {
    is_dir(TO . "/$folder") || @mkdir(TO . "/$folder", 0775);
    if (!is_writable(TO . "/$folder")) {
        fwrite(STDERR, "prepare: the volume is not writable for uid 33; its StorageClass must honour fsGroup\n");
        exit(14);
    }
}
foreach (['plugins', 'themes'] as $folder) {
    foreach (is_dir(FROM . "/$folder") ? array_diff(scandir(FROM . "/$folder"), ['.', '..']) : [] as $name) {
        bring("/$folder/$name");
    }
}
is_file(FROM . '/index.php') && bring('/index.php');
// Each pod finds the WooCommerce of its own image there, so old and new ones can
// serve side by side. A folder that the owner brought is his.
$link = TO . '/plugins/woocommerce';
if (urumi_woocommerce() !== null && !is_link($link) && !file_exists($link)) {
    @symlink('/usr/src/woocommerce', $link);
}
$say('themes and plugins are on the volume');

$wanted = urumi_wanted_schema();
$told = '';
for (;;) {
    $connection = urumi_connect();
    if (is_int($connection)) {
        $waiting = "the database (error $connection)";
    } else {
        if (urumi_is_set_up($connection) && urumi_schema($connection) >= $wanted) {
            $say('the store is set up');
            exit(0);
        }
        $waiting = urumi_state($connection) === 'installed' ? 'the upgrade of the tables, or the shop' : 'the installation';
        $connection->close();
    }
    if ($waiting !== $told) {
        $say("waiting for $waiting");
        $told = $waiting;
    }
    usleep(200_000);
}
