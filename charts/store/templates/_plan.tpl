{{/* The numbers of a plan: resources of each container and the quota over all. */}}

{{- define "store.plan" -}}
{{ index .Values.plans .Values.store.plan | toJson }}
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

{{/* Most web pods that run in the steady state. */}}
{{- define "store.replicas.max" -}}
{{- with .Values.wordpress -}}
{{- .autoscaling.enabled | ternary .autoscaling.maxReplicas .replicas | int -}}
{{- end -}}
{{- end }}

{{/* Quota = database + web pods + one web pod of surge + the set-up. The set-up
     counts twice: while an upgrade replaces its Job, the old pod may still end. */}}
{{- define "store.quota" -}}
{{- $plan := include "store.plan" . | fromJson -}}
{{- $web := include "store.replicas.max" . | int | add 1 | int -}}
{{- $setup := .Values.setup -}}
{{- $sum := dict -}}
{{- range $what := list "cpu" "memory" }}
{{- range $side := list "request" "limit" }}
{{- $one := index (index $plan.wordpress $what) $side | int -}}
{{- $db := index (index $plan.mysql $what) $side | int -}}
{{- $job := index (index $setup $what) $side | int -}}
{{- $_ := set $sum (printf "%s-%s" $what $side) (add $db (mul $web $one) (mul 2 $job)) -}}
{{- end }}
{{- end -}}
requests.cpu: {{ index $sum "cpu-request" }}m
limits.cpu: {{ index $sum "cpu-limit" }}m
requests.memory: {{ index $sum "memory-request" }}Mi
limits.memory: {{ index $sum "memory-limit" }}Mi
requests.storage: {{ add $plan.wordpress.storageGi $plan.mysql.storageGi }}Gi
pods: {{ add 1 $web 2 | toString | quote }}
{{- end }}
