{{/* What the schema cannot say: values that are each right and do not fit together. */}}
{{- define "platform.refusals" -}}
{{- if and (eq .Values.routing.type "gateway") (not .Values.routing.gateway.name) -}}
{{- fail "routing.type gateway needs routing.gateway.name and .namespace" -}}
{{- end -}}
{{- with .Values.worker -}}
{{- if lt (int .shutdownSeconds) 80 -}}
{{- fail (printf "worker.shutdownSeconds (%d) leaves a running helm (60 s and its end) no time: give 80 or more" (int .shutdownSeconds)) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.api.autoscaling.enabled (gt (int .Values.api.autoscaling.minReplicas) (int .Values.api.autoscaling.maxReplicas)) -}}
{{- fail "api.autoscaling.minReplicas is above maxReplicas" -}}
{{- end -}}
{{- if and .Values.worker.keda.enabled (gt (int .Values.worker.keda.minReplicas) (int .Values.worker.keda.maxReplicas)) -}}
{{- fail "worker.keda.minReplicas is above maxReplicas" -}}
{{- end -}}
{{- if .Values.postgres.enabled -}}
{{- $pods := .Values.api.autoscaling.enabled | ternary .Values.api.autoscaling.maxReplicas .Values.api.replicas | int -}}
{{- $need := mul (add $pods 1) (add .Values.api.databaseConnections 8) -}}
{{- if gt (int $need) (int .Values.postgres.maxConnections) -}}
{{- fail (printf "%d api pods and one of surge take up to %d connections, and postgres.maxConnections is %d" $pods $need (int .Values.postgres.maxConnections)) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.telemetry.otlpEndpoint .Values.networkPolicy.enabled (not (include "platform.hasPeers" .Values.networkPolicy.collector)) -}}
{{- fail "telemetry.otlpEndpoint is given, and networkPolicy.collector lets nobody reach it: say where it is" -}}
{{- end -}}
{{- if and (eq .Values.environment "prod") (hasPrefix "http://" (include "platform.stores.url" .)) -}}
{{- fail "stores.url begins with http, and environment prod serves stores by TLS" -}}
{{- end -}}
{{- range $part := list "api" "worker" -}}
{{- range $key, $value := (index $.Values $part).settings -}}
{{- if has $key (list "listen" "worker_listen" "metrics_listen" "installation" "login" "dashboard_dir" "migrations" "store_domain" "store_url" "commands_in_flight" "database_connections" "trusted_proxies" "slots" "chart" "charts" "values_dir" "store_values" "helm" "namespace" "ingress" "control_host" "credentials" "stop_ms" "audit_signing_key" "webhook_secret_key" "login_signing_key" "log" "log_format") -}}
{{- fail (printf "%s.settings.%s: the chart sets it; it has a value of its own, or is not to be changed" $part $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
