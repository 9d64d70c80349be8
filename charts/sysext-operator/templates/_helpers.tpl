{{- define "sysext.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{/* The stem of all names; at most 52 characters, as endings follow. */}}
{{- define "sysext.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "sysext.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "sysext.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "sysext.agent" -}}
{{ include "sysext.fullname" . }}-agent
{{- end }}

{{/* What never changes in the life of a release. Called with (list . "component"). */}}
{{- define "sysext.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ include "sysext.name" $ }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "sysext.labels" -}}
{{- $ := index . 0 -}}
{{ include "sysext.selector" . }}
app.kubernetes.io/part-of: sysext-operator
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with $.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Called with (list . "operator"|"agent"). */}}
{{- define "sysext.image" -}}
{{- $ := index . 0 -}}
{{- $image := (index $.Values (index . 1)).image -}}
{{- $stem := printf "%s/%s" $.Values.image.registry $image.repository -}}
{{- if $image.digest -}}
{{ $stem }}@{{ $image.digest }}
{{- else -}}
{{ $stem }}:{{ default $.Chart.AppVersion $.Values.image.tag }}
{{- end -}}
{{- end }}

{{/* A large number stays one: YAML's numbers come as floats. */}}
{{- define "sysext.integer" -}}
{{ int64 . }}
{{- end }}
