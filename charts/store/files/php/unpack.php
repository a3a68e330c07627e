<?php
/**
 * For `woocommerce.source: path` and `url`: brings WooCommerce from its zip to
 * /usr/src/woocommerce, an empty volume of this pod. The zip's checksum is pinned.
 * Exit codes: 0 done · 15 the zip is not there or another one · 16 it cannot be read.
 */
$from = (string) getenv('URUMI_WOOCOMMERCE_FROM');
$say = function (string $line, ?int $code = null): void {
    fwrite($code ? STDERR : STDOUT, "woocommerce: $line\n");
    $code === null || exit($code);
};

$zip = '/tmp/woocommerce.zip';
$context = stream_context_create(['http' => ['timeout' => 60, 'user_agent' => 'urumi-store']]);
@copy($from, $zip, $context) || $say("cannot read $from: " . (error_get_last()['message'] ?? ''), 15);
$sum = hash_file('sha256', $zip);
hash_equals((string) getenv('URUMI_WOOCOMMERCE_SHA256'), $sum) || $say("the checksum of $from is $sum, which is not the pinned one", 15);

$archive = new ZipArchive();
$archive->open($zip) === true || $say("$from is no zip", 16);
$archive->extractTo('/tmp/unpacked') || $say("$from cannot be unpacked", 16);
is_file('/tmp/unpacked/woocommerce/woocommerce.php') || $say("$from holds no woocommerce/woocommerce.php", 16);
passthru('cp -r /tmp/unpacked/woocommerce/. /usr/src/woocommerce/ && rm -rf /tmp/unpacked ' . $zip, $code);
$code === 0 || $say('the volume has no room', 16);
$say("unpacked from $from");
