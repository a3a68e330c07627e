<?php
/**
 * This pod can serve the store: the database answers and WordPress is installed.
 * For the kubelet only; it tells no detail.
 */
require '/etc/urumi/php/database.php';
$connection = urumi_connect();
http_response_code(!is_int($connection) && urumi_state($connection) === 'installed' ? 204 : 503);
