{{/* What all pods have in common. All of them satisfy Pod Security `restricted`. */}}

{{/* platform.podSecurity UID */}}
{{- define "platform.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "platform.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* platform.podSettings (dict "root" $ "part" .Values.api) */}}
{{- define "platform.podSettings" -}}
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
{{- with .part.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* platform.spread (dict "root" $ "component" "api" "keys" .Values.api.topologyKeys): each
     revision's pods for themselves, or a rolling upgrade would count the old ones. */}}
{{- define "platform.spread" -}}
{{- range .keys }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels: {{- include "platform.selector" $ | nindent 6 }}
{{- end }}
{{- end }}

{{/* platform.claim (dict "root" $ "component" "postgres" "part" .Values.postgres): an object of
     its own, as a claim template could never grow; it stays when the release goes. */}}
{{- define "platform.claim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ include "platform.name" . }}-data
  labels: {{- include "platform.labels" . | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  accessModes: [ReadWriteOnce]
  {{- with .part.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ .part.storageGi }}Gi
{{- end }}
