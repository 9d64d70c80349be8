package io.kairos.extensions.e2e.chart;

import java.util.List;
import org.junit.jupiter.params.provider.Arguments;

/** Values that together turn every switch of the chart. */
final class ValuesMatrix {
  private ValuesMatrix() {}

  /** Everything is set to something else than its default. */
  static final String EVERYTHING =
      """
      fullnameOverride: extensions
      commonLabels: {team: platform}
      imagePullSecrets: [{name: registry}]
      image: {registry: registry.example.org/mirror, tag: v9.9.9, pullPolicy: Always}
      operator:
        image: {repository: op, digest: "sha256:%1$s"}
        replicas: 3
        leaseName: other-lease
        port: 18081
        javaOptions: -Xmx200m
        extraEnv: [{name: TZ, value: UTC}]
        podAnnotations: {example.org/a: b}
        podLabels: {example.org/c: d}
        priorityClassName: system-cluster-critical
        nodeSelector: {example.org/role: infra}
        affinity: {nodeAffinity: {}}
        networkPolicy:
          from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
          apiServerPorts: [16443]
      agent:
        image: {repository: ag, digest: "sha256:%1$s"}
        allowCommands: true
        fileFolders: [/var/lib/kairos/images, /srv/images]
        keepImages: 3
        minFreeBytes: 5368709120
        maxImageBytes: 17179869184
        mirrors:
        - {prefix: "https://example.org/", replacement: "https://mirror.example.org/"}
        - {prefix: "oci://example.org/", replacement: "oci://mirror.example.org/"}
        proxy: {https: "http://proxy.example.org:3128", http: "http://proxy.example.org:3128", noProxy: "localhost,.svc"}
        siteCa: {configMap: site-ca, key: site.pem}
        trustedCertificates: {configMap: sysext-keys, key: keys.pem}
        pollSeconds: 1000000
        statusPauseMillis: 500
        port: 19788
        dnsPolicy: ClusterFirstWithHostNet
        appArmorProfile: {type: Unconfined}
        seLinuxOptions: {type: spc_t}
        javaOptions: -Xmx100m
        extraEnv: [{name: TZ, value: UTC}]
        podAnnotations: {example.org/a: b}
        podLabels: {example.org/c: d}
        priorityClassName: system-cluster-critical
        nodeSelector: {example.org/kairos: "true"}
        tolerations: []
        affinity: {nodeAffinity: {}}
        maxUnavailable: 2
        terminationGracePeriodSeconds: 30
      metrics:
        agents: true
        podMonitors: {enabled: true, interval: 15s, labels: {release: prometheus}}
        rules: {enabled: true, labels: {release: prometheus}}
        dashboard: {enabled: true, labels: {dashboards: "yes"}}
      """
          .formatted("0".repeat(64));

  /** As little as can be. */
  static final String LITTLE =
      """
      crds: {install: false}
      operator:
        replicas: 1
        networkPolicy: {enabled: false}
        nodeSelector: {}
        tolerations: []
      agent: {nodeSelector: {}}
      rbac: {aggregateToView: false, editRole: false}
      uninstallGuard: {enabled: false}
      """;

  static List<Arguments> all() {
    return List.of(
        Arguments.of("the defaults", ""),
        Arguments.of("everything", EVERYTHING),
        Arguments.of("little", LITTLE),
        Arguments.of("a namespace of its own", "namespace: {create: true}"),
        Arguments.of("CRDs that go with the release", "crds: {keep: false}"),
        Arguments.of("no disruption budget", "operator: {podDisruptionBudget: {enabled: false}}"),
        Arguments.of("AppArmor alone", "agent: {appArmorProfile: {type: Unconfined}}"),
        Arguments.of("SELinux alone", "agent: {seLinuxOptions: {type: spc_t}}"));
  }
}
