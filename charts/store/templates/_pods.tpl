{{/* What all pods, and all pods with WordPress in them, have in common. */}}

{{- define "store.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "store.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* store.podSettings (dict "root" $ "part" .Values.mysql) */}}
{{- define "store.podSettings" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .part.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .part.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Settings of WordPress that are no secrets; wp-config.php reads them. */}}
{{- define "store.wordpress.env" -}}
- name: WORDPRESS_DB_HOST
  value: mysql
- name: WORDPRESS_DB_NAME
  value: wordpress
- name: WORDPRESS_DB_USER
  value: wordpress
- name: WORDPRESS_DEBUG
  value: {{ .Values.wordpress.debug | ternary "1" "" | quote }}
- name: URUMI_STORE_URL
  value: {{ .Values.store.url | quote }}
- name: URUMI_TRUST_FORWARDED_PROTO
  value: {{ .Values.wordpress.trustForwardedProto | ternary "1" "" | quote }}
- name: URUMI_WOOCOMMERCE_SOURCE
  value: {{ .Values.woocommerce.source }}
- name: URUMI_WOOCOMMERCE_VERSION
  value: {{ .Values.woocommerce.version | quote }}
- name: URUMI_BLOCK_EXTERNAL
  value: {{ .Values.wordpress.blockExternalRequests | ternary "1" "" | quote }}
- name: PHP_INI_SCAN_DIR
  value: ":/etc/urumi/php-ini"
- name: HOME
  value: /tmp
{{- end }}

{{/* One volume with the store's code, settings and the secrets this pod needs. */}}
{{- define "store.wordpress.volume" -}}
name: urumi
projected:
  defaultMode: 0440
  sources:
    - configMap:
        name: {{ include "store.files.name" .root }}
        items: {{- include "store.wordpress.files" .root | nindent 10 }}
    - secret:
        name: {{ .root.Values.credentials.existingSecret }}
        items:
          {{- range concat (list "mysql-password") (include "store.wordpress.keys" . | fromJsonArray) .secrets }}
          - key: {{ . }}
            path: secrets/{{ . }}
          {{- end }}
{{- end }}

{{- define "store.wordpress.keys" -}}
["wordpress-auth-key", "wordpress-secure-auth-key", "wordpress-logged-in-key", "wordpress-nonce-key",
"wordpress-auth-salt", "wordpress-secure-auth-salt", "wordpress-logged-in-salt", "wordpress-nonce-salt"]
{{- end }}

{{- define "store.files.data" -}}
{{- range $path, $_ := .Files.Glob "files/**" }}
{{ trimPrefix "files/" $path | replace "/" "." }}: |
  {{- tpl ($.Files.Get $path) $ | nindent 2 }}
{{- end }}
{{- end }}

{{- define "store.files.name" -}}
wordpress-{{ include "store.files.data" . | sha256sum | trunc 10 }}
{{- end }}

{{/* Files of the ConfigMap and where pods find them below /etc/urumi. A key of a
     ConfigMap has no slashes: `php/setup.php` is kept as `php.setup.php`. */}}
{{- define "store.wordpress.files" -}}
{{- range $path, $_ := .Files.Glob "files/**" }}
{{- $relative := trimPrefix "files/" $path }}
- key: {{ $relative | replace "/" "." }}
  path: {{ $relative }}
{{- end }}
{{- end }}
