{{/* What the programs are told. Secrets are files, each pod gets only its own; nothing
     secret is in an environment, an argument or the release. */}}

{{- define "platform.settings.common" -}}
- { name: ENVIRONMENT, value: {{ .Values.environment }} }
- { name: URUMI_LOG, value: {{ .Values.telemetry.log | quote }} }
- { name: URUMI_LOG_FORMAT, value: json }
- { name: AMQP_URL_FILE, value: /etc/urumi/secrets/amqp-url }
{{- with .Values.telemetry.otlpEndpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- end }}

{{/* platform.settings.more: of a part's `settings` and `extraEnv` */}}
{{- define "platform.settings.more" -}}
{{- range $key, $value := .settings }}
- { name: URUMI_{{ upper $key }}, value: {{ kindIs "float64" $value | ternary (printf "%v" $value) (toString $value) | quote }} }
{{- end }}
{{- with .extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "platform.settings.api" -}}
- { name: URUMI_INSTALLATION, value: {{ include "platform.installation" . | quote }} }
- { name: DATABASE_URL_FILE, value: /etc/urumi/secrets/database-url }
{{- end }}

{{/* platform.secrets (dict "root" $ "keys" (list …)): the volume with those files. */}}
{{- define "platform.secrets" -}}
name: secrets
secret:
  secretName: {{ .root.Values.secrets.existingSecret }}
  defaultMode: 0440
  items:
    {{- range .keys }}
    - { key: {{ . }}, path: {{ . }} }
    {{- end }}
{{- end }}

{{/* Values for every store beside those of the environment; the ConfigMap's name follows
     its content, so a change rolls the workers. */}}
{{- define "platform.stores.name" -}}
{{ include "platform.name" (dict "root" . "component" "stores") }}-{{ .Values.stores.values | toYaml | sha256sum | trunc 10 }}
{{- end }}
