{{/* Peers of the network policies. */}}

{{/* platform.peers: of {namespaceLabels, podLabels, cidrs} */}}
{{- define "platform.peers" -}}
{{- if or .namespaceLabels .podLabels }}
- namespaceSelector:
    matchLabels: {{- toYaml .namespaceLabels | nindent 6 }}
  podSelector:
    matchLabels: {{- toYaml .podLabels | nindent 6 }}
{{- end }}
{{- range .cidrs }}
- ipBlock:
    cidr: {{ . }}
{{- end }}
{{- end }}

{{/* platform.hasPeers: whether there is any */}}
{{- define "platform.hasPeers" -}}
{{- if or .namespaceLabels .podLabels .cidrs }}yes{{ end -}}
{{- end }}

{{- define "platform.ports" -}}
{{- range . }}
- { protocol: TCP, port: {{ . }} }
{{- end }}
{{- end }}

{{/* platform.parts (dict "root" $ "parts" (list "api" "worker")): pods of this release */}}
{{- define "platform.parts" -}}
matchLabels:
  app.kubernetes.io/instance: {{ .root.Release.Name }}
matchExpressions:
  - key: app.kubernetes.io/component
    operator: In
    values: [{{ join ", " .parts }}]
{{- end }}

{{/* platform.to.database: the egress rule of who asks it */}}
{{- define "platform.to.database" -}}
- to:
    {{- if .Values.postgres.enabled }}
    - podSelector:
        matchLabels: {{- include "platform.selector" (dict "root" . "component" "postgres") | nindent 10 }}
    {{- else }}
    {{- include "platform.peers" .Values.networkPolicy.database | trim | nindent 4 }}
    {{- end }}
  ports: {{- include "platform.ports" (list (.Values.postgres.enabled | ternary 5432 .Values.networkPolicy.database.port)) | trim | nindent 4 }}
{{- end }}

{{- define "platform.to.broker" -}}
- to:
    {{- if .Values.rabbitmq.enabled }}
    - podSelector:
        matchLabels: {{- include "platform.selector" (dict "root" . "component" "rabbitmq") | nindent 10 }}
    {{- else }}
    {{- include "platform.peers" .Values.networkPolicy.broker | trim | nindent 4 }}
    {{- end }}
  ports: {{- include "platform.ports" (.Values.rabbitmq.enabled | ternary (list 5672) .Values.networkPolicy.broker.ports) | trim | nindent 4 }}
{{- end }}

{{- define "platform.to.collector" -}}
{{- with .Values.networkPolicy.collector }}
{{- if include "platform.hasPeers" . }}
- to: {{- include "platform.peers" . | trim | nindent 4 }}
  ports: {{- include "platform.ports" (list .port) | trim | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}

{{/* platform.from.monitoring: the ingress rule of who reads metrics */}}
{{- define "platform.from.monitoring" -}}
{{- with .Values.networkPolicy.monitoring }}
{{- if include "platform.hasPeers" . }}
- from: {{- include "platform.peers" . | trim | nindent 4 }}
  ports: {{- include "platform.ports" (list 3001) | trim | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}
