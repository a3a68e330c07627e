<?php
// Apache and PHP answer. Asks nothing else, so that no database trouble restarts a pod.
http_response_code(204);
