{{/* Who the worker is to the cluster. */}}

{{- define "platform.worker.account" -}}
{{ .Release.Name }}-worker
{{- end }}

{{- define "platform.installation" -}}
{{ required "installation is the mark on all that this installation makes; set it once and never change it" .Values.installation }}
{{- end }}

{{/* What the program has to know of this. */}}
{{- define "platform.worker.rights.env" -}}
- name: URUMI_INSTALLATION
  value: {{ include "platform.installation" . | quote }}
- name: URUMI_NAMESPACE
  value: {{ .Release.Namespace | quote }}
{{- end }}
