<?php
/**
 * Starts the tasks that are due, by a request to a web pod, where all plugins
 * are. The CronJob runs it; visitors never do. Exit codes: 0 done · 1 the shop
 * does not answer.
 */
$url = parse_url(getenv('URUMI_STORE_URL'));
$headers = ['Host: ' . $url['host'] . (isset($url['port']) ? ':' . $url['port'] : ''), 'X-Forwarded-Proto: ' . $url['scheme']];
$context = stream_context_create(['http' => ['header' => $headers, 'timeout' => 120, 'follow_location' => 0, 'ignore_errors' => true]]);
@file_get_contents('http://wordpress/wp-cron.php?doing_wp_cron', false, $context);
$status = $http_response_header[0] ?? 'no answer';
echo "cron: $status\n";
exit(str_contains($status, ' 200') ? 0 : 1);
