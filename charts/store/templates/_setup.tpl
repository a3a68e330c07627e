{{/* The set-up Job's specification; its digest is part of the Job's name. */}}
{{- define "store.setup.spec" -}}
backoffLimit: {{ .Values.setup.retries }}
activeDeadlineSeconds: {{ .Values.setup.deadlineSeconds }}
podFailurePolicy:
  rules:
    # The set-up's own word that trying again cannot help (see README).
    - action: FailJob
      onExitCodes: { containerName: setup, operator: In, values: [12, 13, 14, 15] }
    - action: Ignore
      onPodConditions:
        - { type: DisruptionTarget, status: "True" }
template:
  metadata:
    labels: {{- include "store.selector" (dict "root" . "component" "setup") | nindent 6 }}
      app.kubernetes.io/part-of: urumi-store-platform
  spec:
    restartPolicy: Never
    {{- include "store.podSettings" (dict "root" . "part" .Values.wordpress) | nindent 4 }}
    securityContext: {{- include "store.podSecurity" 33 | nindent 6 }}
    {{- if include "store.woocommerce.unpacked" . }}
    initContainers:
      - {{- include "store.woocommerce.container" (dict "root" . "resources" .Values.setup) | nindent 8 }}
    {{- end }}
    containers:
      - name: setup
        image: {{ include "store.image" .Values.wordpress.image }}
        imagePullPolicy: {{ .Values.wordpress.image.pullPolicy }}
        command: [php, /etc/urumi/php/setup.php]
        workingDir: /usr/src/wordpress
        env:
          {{- include "store.wordpress.env" . | nindent 10 }}
          - name: URUMI_STORE_NAME
            value: {{ .Values.store.name | quote }}
          - name: URUMI_ADMIN_EMAIL
            value: {{ .Values.store.adminEmail | quote }}
          - name: URUMI_DATABASE_WAIT_SECONDS
            value: {{ .Values.setup.databaseWaitSeconds | quote }}
          - name: URUMI_SHOP_CURRENCY
            value: {{ .Values.shop.currency | quote }}
          - name: URUMI_SHOP_COUNTRY
            value: {{ .Values.shop.country | quote }}
        securityContext: {{- include "store.containerSecurity" . | nindent 10 }}
        resources: {{- include "store.resources" .Values.setup | nindent 10 }}
        volumeMounts:
          - { name: urumi, mountPath: /etc/urumi, readOnly: true }
          - { name: urumi, mountPath: /usr/src/wordpress/wp-config.php, subPath: php/wp-config.php, readOnly: true }
          - { name: tmp, mountPath: /tmp }
          {{- include "store.woocommerce.mount" . | nindent 10 }}
    volumes:
      - {{- include "store.wordpress.volume" (dict "root" . "secrets" (list "wordpress-admin-user" "wordpress-admin-password")) | nindent 8 }}
      - name: tmp
        emptyDir: {}
      {{- include "store.woocommerce.volume" . | nindent 6 }}
{{- end }}
