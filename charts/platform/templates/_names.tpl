{{/* Names, labels and images. What an object may be called is settled here and nowhere else. */}}

{{/* platform.name (dict "root" $ "component" "api"): `<release>-api`, for every object of that part. */}}
{{- define "platform.name" -}}
{{ .root.Release.Name }}-{{ .component }}
{{- end }}

{{/* platform.labels (dict "root" $ "component" "api") */}}
{{- define "platform.labels" -}}
{{ include "platform.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: urumi-store-platform
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* Labels that never change, for selectors. */}}
{{- define "platform.selector" -}}
app.kubernetes.io/name: urumi-{{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* platform.image (dict "root" $ "image" .Values.api.image): one of the platform's own. */}}
{{- define "platform.image" -}}
{{- include "platform.foreignImage" (merge (dict "registry" .root.Values.image.registry "tag" (.image.tag | default .root.Chart.AppVersion)) .image) -}}
{{- end }}

{{/* platform.foreignImage: of {registry, repository, tag, digest} */}}
{{- define "platform.foreignImage" -}}
{{- with .registry }}{{ . }}/{{ end -}}
{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end -}}
{{- end }}

{{/* The migrations' Job is named by a digest of its whole specification: a changed
     Job is a new one, so no upgrade ever meets an immutable field. */}}
{{- define "platform.migrations.name" -}}
{{ include "platform.name" (dict "root" . "component" "migrations") }}-{{ include "platform.migrations.spec" . | sha256sum | trunc 10 }}
{{- end }}

{{- define "platform.tls.secret" -}}
{{- .Values.routing.tls.secretName | default (include "platform.name" (dict "root" . "component" "tls")) -}}
{{- end }}

{{- define "platform.stores.url" -}}
{{- .Values.stores.url | default (printf "%s://{host}" (eq .Values.environment "prod" | ternary "https" "http")) -}}
{{- end }}
