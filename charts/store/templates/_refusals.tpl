{{/* What the schema cannot say: values that are each right and do not fit together. */}}
{{- define "store.refusals" -}}
{{- $url := urlParse .Values.store.url -}}
{{- if ne (regexReplaceAll ":[0-9]+$" $url.host "") .Values.store.host -}}
{{- fail (printf "store.url (%s) does not name store.host (%s): give both the same host" .Values.store.url .Values.store.host) -}}
{{- end -}}
{{- with .Values.wordpress -}}
{{- if eq .content.accessMode "ReadWriteOnce" -}}
{{- if gt (int .replicas) 1 -}}
{{- fail (printf "%d web pods (wordpress.replicas) are wanted, but the shop's files lie on a volume that one node holds (wordpress.content.accessMode is ReadWriteOnce): want 1, or give the platform storage with ReadWriteMany in its values files" (int .replicas)) -}}
{{- end -}}
{{- if .autoscaling.enabled -}}
{{- fail "wordpress.autoscaling.enabled needs several web pods, but the shop's files lie on a volume that one node holds (wordpress.content.accessMode is ReadWriteOnce): turn it off, or give the platform storage with ReadWriteMany" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $plan := include "store.plan" . | fromJson -}}
{{- if gt (add $plan.mysql.bufferPoolMi 128 | int) (int $plan.mysql.memory.limit) -}}
{{- fail (printf "plan %s: mysql.memory.limit must leave 128 MiB above mysql.bufferPoolMi" .Values.store.plan) -}}
{{- end -}}
{{- range $part, $of := dict "wordpress" $plan.wordpress "mysql" $plan.mysql "setup" .Values.setup "cron" .Values.cron -}}
{{- range $what := list "cpu" "memory" -}}
{{- $range := index $of $what -}}
{{- if gt (int $range.request) (int $range.limit) -}}
{{- fail (printf "plan %s: the %s request of %s is above its limit" $.Values.store.plan $what $part) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.woocommerce.source "url") .Values.networkPolicy.enabled (not .Values.networkPolicy.internet.enabled) -}}
{{- fail "woocommerce.source url needs networkPolicy.internet.enabled: the set-up could not fetch it" -}}
{{- end -}}
{{- end }}
