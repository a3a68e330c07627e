{{/* The migrations' Job: its digest is part of its name. A new image is a new Job, so
     each release brings the tables forward once; api pods of both releases wait for
     nothing (tables only ever grow before they shrink, api/migrations/README.md), and
     new ones serve when their tables are there. */}}
{{- define "platform.migrations.spec" -}}
backoffLimit: 6
activeDeadlineSeconds: {{ .Values.migrations.deadlineSeconds }}
template:
  metadata:
    labels: {{- include "platform.selector" (dict "root" . "component" "migrations") | nindent 6 }}
      app.kubernetes.io/part-of: urumi-store-platform
  spec:
    restartPolicy: Never
    automountServiceAccountToken: false
    {{- include "platform.podSettings" (dict "root" . "part" .Values.api) | nindent 4 }}
    securityContext: {{- include "platform.podSecurity" 65532 | nindent 6 }}
    containers:
      - name: migrate
        image: {{ include "platform.image" (dict "root" . "image" .Values.api.image) }}
        imagePullPolicy: {{ .Values.image.pullPolicy }}
        args: [migrate, --wait-seconds, {{ .Values.migrations.waitSeconds | quote }}]
        env:
          {{- include "platform.settings.common" . | nindent 10 }}
          {{- include "platform.settings.api" . | nindent 10 }}
        securityContext: {{- include "platform.containerSecurity" . | nindent 10 }}
        resources: {{- toYaml .Values.migrations.resources | nindent 10 }}
        volumeMounts:
          - { name: secrets, mountPath: /etc/urumi/secrets, readOnly: true }
    volumes:
      - {{- include "platform.secrets" (dict "root" . "keys" (list "database-url" "amqp-url")) | nindent 8 }}
{{- end }}
