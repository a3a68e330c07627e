{{/* The numbers of a plan: resources of each container and the quota over all. */}}

{{- define "store.plan" -}}
{{- if not (hasKey .Values.plans .Values.store.plan) -}}
{{- fail (printf "store.plan %q is none of plans: %s" .Values.store.plan (keys .Values.plans | sortAlpha | join ", ")) -}}
{{- end -}}
{{- index .Values.plans .Values.store.plan | toJson -}}
{{- end }}

{{/* store.resources: of {cpu: {request, limit}, memory: {request, limit}} */}}
{{- define "store.resources" -}}
requests:
  cpu: {{ .cpu.request | int }}m
  memory: {{ .memory.request | int }}Mi
limits:
  cpu: {{ .cpu.limit | int }}m
  memory: {{ .memory.limit | int }}Mi
{{- end }}

{{/* store.storage (dict "root" . "part" "mysql"): GiB of a volume */}}
{{- define "store.storage" -}}
{{- $plan := include "store.plan" .root | fromJson -}}
{{- max (index $plan .part).storageGi (index .root.Values.store.grownGi .part | default 0) -}}
{{- end }}

{{/* Fewest and most web pods that run in the steady state. An autoscaler has at
     least as many as are wanted. */}}
{{- define "store.replicas.min" -}}
{{- with .Values.wordpress -}}
{{- .autoscaling.enabled | ternary (max .replicas .autoscaling.minReplicas) .replicas | int -}}
{{- end -}}
{{- end }}
{{- define "store.replicas.max" -}}
{{- with .Values.wordpress -}}
{{- .autoscaling.enabled | ternary (max .replicas .autoscaling.maxReplicas) .replicas | int -}}
{{- end -}}
{{- end }}

{{/* Quota = database + web pods + one web pod of surge + the set-up + cron. Set-up
     and cron count twice: while their next pod starts, the old one may still end. */}}
{{- define "store.quota" -}}
{{- $plan := include "store.plan" . | fromJson -}}
{{- $web := include "store.replicas.max" . | int | add 1 | int -}}
{{- $setup := .Values.setup -}}
{{- $cron := .Values.cron -}}
{{- $sum := dict -}}
{{- range $what := list "cpu" "memory" }}
{{- range $side := list "request" "limit" }}
{{- $one := index (index $plan.wordpress $what) $side | int -}}
{{- $db := index (index $plan.mysql $what) $side | int -}}
{{- $job := add (index (index $setup $what) $side) (index (index $cron $what) $side) | int -}}
{{- $_ := set $sum (printf "%s-%s" $what $side) (add $db (mul $web $one) (mul 2 $job)) -}}
{{- end }}
{{- end -}}
requests.cpu: {{ index $sum "cpu-request" }}m
limits.cpu: {{ index $sum "cpu-limit" }}m
requests.memory: {{ index $sum "memory-request" }}Mi
limits.memory: {{ index $sum "memory-limit" }}Mi
requests.storage: {{ add (include "store.storage" (dict "root" . "part" "wordpress")) (include "store.storage" (dict "root" . "part" "mysql")) }}Gi
pods: {{ add 1 $web 2 2 | toString | quote }}
{{- end }}
