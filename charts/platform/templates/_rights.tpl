{{/* Who the worker is to the cluster, and what its rights are called. docs/RBAC.md tells what each is for. */}}

{{- define "platform.worker.account" -}}
{{ .Release.Name }}-worker
{{- end }}

{{- define "platform.worker.user" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "platform.worker.account" . }}
{{- end }}

{{/* Of objects without a namespace: two installations in one cluster differ by theirs. */}}
{{- define "platform.worker.clusterName" -}}
{{ .Release.Namespace }}-{{ include "platform.worker.account" . }}
{{- end }}

{{- define "platform.worker.storeRole" -}}
{{ .Release.Namespace }}-{{ .Release.Name }}-store
{{- end }}

{{- define "platform.installation" -}}
{{ required "installation is the mark on all that this installation makes; set it once and never change it" .Values.installation }}
{{- end }}

{{- define "platform.worker.rights.labels" -}}
{{ include "platform.labels" (dict "root" . "component" "worker") }}
{{- end }}

{{/* What the program has to know of this. */}}
{{- define "platform.worker.rights.env" -}}
- name: URUMI_INSTALLATION
  value: {{ include "platform.installation" . | quote }}
- name: URUMI_NAMESPACE
  value: {{ .Release.Namespace | quote }}
- name: URUMI_SERVICE_ACCOUNT
  value: {{ include "platform.worker.account" . | quote }}
- name: URUMI_STORE_ROLE
  value: {{ include "platform.worker.storeRole" . | quote }}
{{- end }}

{{/* Whether stores use kinds that not every cluster has, by what their values say; or did. */}}
{{- define "platform.worker.handlesRoutes" -}}
{{ if or (has "httproutes" .Values.worker.alsoHandles) (eq (dig "stores" "values" "routing" "type" "ingress" (.Values | merge dict)) "gateway") }}true{{ end }}
{{- end }}

{{- define "platform.worker.handlesExternalSecrets" -}}
{{ if or (has "externalsecrets" .Values.worker.alsoHandles) (eq (dig "worker" "credentials" "own" (.Values | merge dict)) "external") }}true{{ end }}
{{- end }}
