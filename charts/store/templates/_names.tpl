{{/* Names, labels and images. What an object may be called is settled here and nowhere else. */}}

{{/* store.labels (dict "root" $ "component" "mysql") */}}
{{- define "store.labels" -}}
{{ include "store.selector" . }}
app.kubernetes.io/part-of: urumi-store-platform
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* Labels that never change, for selectors. */}}
{{- define "store.selector" -}}
app.kubernetes.io/name: {{ eq .component "mysql" | ternary "mysql" "wordpress" }}
app.kubernetes.io/instance: {{ .root.Values.store.id }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Annotation of a workload, never of its pods: a new revision alone rolls nothing. */}}
{{- define "store.revision" -}}
urumi.dev/revision: {{ .Release.Revision | quote }}
{{- end }}

{{/* store.image: reference of one of the two images */}}
{{- define "store.image" -}}
{{- with .registry }}{{ . }}/{{ end -}}
{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end -}}
{{- end }}

{{/* The set-up Job's name carries a digest of its whole specification: a changed
     Job is a new one, so no upgrade ever meets an immutable field. */}}
{{- define "store.setup.name" -}}
setup-{{ include "store.setup.spec" . | sha256sum | trunc 10 }}
{{- end }}

{{- define "store.tls.secret" -}}
{{- .Values.routing.tls.secretName | default (printf "%s-tls" .Values.store.id) -}}
{{- end }}
