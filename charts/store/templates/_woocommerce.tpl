{{/* WooCommerce's code lies at /usr/src/woocommerce of every pod with WordPress in
     it: from the image, or unpacked from a zip to an empty volume. */}}

{{/* Not empty where it comes from a zip. */}}
{{- define "store.woocommerce.unpacked" -}}
{{- if has .Values.woocommerce.source (list "path" "url") }}yes{{ end -}}
{{- end }}

{{- define "store.woocommerce.from" -}}
{{- with .Values.woocommerce -}}
{{- eq .source "url" | ternary (replace "{version}" .version .url) .path -}}
{{- end -}}
{{- end }}

{{/* store.woocommerce.container (dict "root" $ "resources" …) */}}
{{- define "store.woocommerce.container" -}}
name: woocommerce
image: {{ include "store.image" .root.Values.wordpress.image }}
imagePullPolicy: {{ .root.Values.wordpress.image.pullPolicy }}
command: [php, /etc/urumi/php/unpack.php]
env:
  - name: URUMI_WOOCOMMERCE_FROM
    value: {{ include "store.woocommerce.from" .root | quote }}
  - name: URUMI_WOOCOMMERCE_SHA256
    value: {{ .root.Values.woocommerce.sha256 | quote }}
securityContext: {{- include "store.containerSecurity" . | nindent 2 }}
resources: {{- include "store.resources" .resources | nindent 2 }}
volumeMounts:
  - { name: urumi, mountPath: /etc/urumi, readOnly: true }
  - { name: tmp, mountPath: /tmp }
  - { name: woocommerce, mountPath: /usr/src/woocommerce }
{{- end }}

{{- define "store.woocommerce.mount" -}}
{{- if include "store.woocommerce.unpacked" . -}}
- { name: woocommerce, mountPath: /usr/src/woocommerce, readOnly: true }
{{- end -}}
{{- end }}

{{- define "store.woocommerce.volume" -}}
{{- if include "store.woocommerce.unpacked" . -}}
- name: woocommerce
  emptyDir: {}
{{- end -}}
{{- end }}
