{{/* Peers of the network policies. */}}

{{/* store.peers: of {namespaceLabels, podLabels, cidrs} */}}
{{- define "store.peers" -}}
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

{{/* Pods with WordPress in them: web and set-up. */}}
{{- define "store.clients" -}}
matchLabels:
  app.kubernetes.io/instance: {{ .Values.store.id }}
matchExpressions:
  - key: app.kubernetes.io/component
    operator: In
    values: [wordpress, setup]
{{- end }}

{{/* Pods that need DNS: all but the database. */}}
{{- define "store.askers" -}}
matchLabels:
  app.kubernetes.io/instance: {{ .Values.store.id }}
matchExpressions:
  - key: app.kubernetes.io/component
    operator: In
    values: [wordpress, setup, cron]
{{- end }}
