package io.kairos.extensions.e2e.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.kairos.extensions.e2e.cluster.Crds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The chart by itself: what Helm says of it, and what it renders. */
class ChartTest {
  private final Chart chart = Chart.ofThisBuild();

  @Test
  void lintHasNothingToSay() {
    var result = chart.lint();

    assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
    assertThat(result.getMessages()).noneMatch(message -> message.matches("(?s)\\[(WARN|ERR).*"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("io.kairos.extensions.e2e.chart.ValuesMatrix#all")
  void everythingThatIsRenderedIsLabelledAndNamedOnce(String title, String values) {
    List<HasMetadata> objects = chart.objects(values);

    assertThat(objects)
        .isNotEmpty()
        .allSatisfy(
            object ->
                assertThat(object.getMetadata().getLabels())
                    .as(object.getKind() + " " + object.getMetadata().getName())
                    .containsEntry("app.kubernetes.io/part-of", "sysext-operator")
                    .containsEntry("app.kubernetes.io/managed-by", "Helm"));
    assertThat(objects.stream().map(o -> o.getKind() + "/" + o.getMetadata().getName()))
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          operater: {replicas: 2}                | operater
          operator: {replica: 2}                 | replica
          agent: {alowCommands: true}            | alowCommands
          agent: {proxy: {htps: x}}              | htps
          image: {tags: v1}                      | tags
          uninstallGuard: {enable: true}         | enable
          operator: {replicas: two}              | replicas
          operator: {replicas: 0}                | replicas
          image: {pullPolicy: Sometimes}         | pullPolicy
          agent: {fileFolders: [images]}         | fileFolders
          agent: {fileFolders: ['/a:/b']}        | fileFolders
          agent: {fileFolders: [/usr]}           | fileFolders
          agent: {fileFolders: [/opt/images]}    | fileFolders
          agent: {fileFolders: [/./etc]}         | fileFolders
          agent: {fileFolders: [/srv/../usr]}    | fileFolders
          agent: {fileFolders: [/srv/..x, /user]} |
          agent: {maxUnavailable: 10}            |
          agent: {maxUnavailable: '0%'}          | maxUnavailable
          agent: {image: {digest: 'sha256:1'}}   | digest
          agent: {mirrors: [{prefix: 'https://a.example'}]} | replacement
          agent: {port: 80}                      | port
          metrics: {podMonitor: {enabled: true}} | podMonitor
          metrics: {podMonitors: {interval: often}} | interval
          """)
  void aTypoIsRefusedWithItsKey(String values, String key) {
    if (key == null) {
      assertThat(chart.objects(values)).isNotEmpty();
      return;
    }
    assertThatThrownBy(() -> chart.template(values))
        .hasMessageContaining("values don't meet the specifications of the schema")
        .hasMessageContaining(key);
  }

  @Test
  void everyValueIsInTheSchemaAndEveryPropertyOfTheSchemaHasADefault() throws IOException {
    JsonNode schema =
        new JsonMapper().readTree(chart.location().resolve("values.schema.json").toFile());
    JsonNode values = new YAMLMapper().readTree(chart.location().resolve("values.yaml").toFile());
    Set<String> described = new TreeSet<>();
    properties(schema, "", described);
    described.remove("global"); // Helm's own
    Set<String> defaults = new TreeSet<>();
    described.stream()
        .filter(key -> !values.at("/" + key.replace('.', '/')).isMissingNode())
        .forEach(defaults::add);

    assertThat(chart.objects("")).isNotEmpty(); // so no default is refused by the schema
    assertThat(described)
        .as("without a default and a word in values.yaml")
        .containsExactlyElementsOf(defaults);
  }

  private static void properties(JsonNode schema, String path, Set<String> found) {
    schema
        .path("properties")
        .properties()
        .forEach(
            property -> {
              String key = path + property.getKey();
              boolean ofKubernetes =
                  property.getKey().matches("resources|appArmorProfile|seLinuxOptions");
              found.add(key);
              if (!ofKubernetes) {
                properties(property.getValue(), key + ".", found);
              }
            });
  }

  @Test
  void everyEnvironmentVariableThatTheAgentReadsIsAValueOfTheChart() throws IOException {
    Set<String> read = new TreeSet<>();
    Pattern name =
        Pattern.compile("\"(SYSEXT_[A-Z_]+|HTTPS?_PROXY|NO_PROXY|NODE_NAME|PROBE_[A-Z]+)\"");
    try (Stream<Path> sources =
        Files.walk(Chart.repository().resolve("node-agent/src/main/java"))) {
      for (Path source : sources.filter(file -> file.toString().endsWith(".java")).toList()) {
        Matcher matcher = name.matcher(Files.readString(source));
        while (matcher.find()) {
          read.add(matcher.group(1));
        }
      }
    }
    read.removeAll(Set.of("SYSEXT_LEVEL", "SYSEXT_SCOPE")); // fields of an extension-release

    assertThat(agentEnvironment(ValuesMatrix.EVERYTHING).keySet()).containsAll(read);
  }

  @Test
  void valuesReachTheAgentAsItReadsThem() {
    assertThat(agentEnvironment(ValuesMatrix.EVERYTHING))
        .containsEntry("SYSEXT_MIN_FREE_BYTES", "5368709120")
        .containsEntry("SYSEXT_MAX_IMAGE_BYTES", "17179869184")
        .containsEntry("SYSEXT_KEEP_IMAGES", "3")
        .containsEntry("SYSEXT_POLL_SECONDS", "1000000")
        .containsEntry("PROBE_PORT", "19788")
        .containsEntry("SYSEXT_FILE_FOLDERS", "/var/lib/kairos/images:/srv/images")
        .containsEntry("SYSEXT_CA_FILE", "/etc/sysext-operator/ca/site.pem")
        .containsEntry(
            "SYSEXT_MIRRORS",
            "https://example.org/=https://mirror.example.org/,oci://example.org/=oci://mirror.example.org/");
    assertThat(agentEnvironment(""))
        .containsEntry("SYSEXT_ALLOW_COMMANDS", "false")
        .containsEntry("PROBE_PORT", "9788")
        .doesNotContainKeys(
            "PROBE_ADDRESS", "SYSEXT_MIN_FREE_BYTES", "SYSEXT_MAX_IMAGE_BYTES", "HTTPS_PROXY");
  }

  private Map<String, String> agentEnvironment(String values) {
    DaemonSet agents =
        chart.objects(values).stream()
            .filter(DaemonSet.class::isInstance)
            .map(DaemonSet.class::cast)
            .findFirst()
            .orElseThrow();
    return agents.getSpec().getTemplate().getSpec().getContainers().get(0).getEnv().stream()
        .collect(
            Collectors.toMap(
                variable -> variable.getName(),
                variable -> variable.getValue() == null ? "" : variable.getValue()));
  }

  /** The tests of both programs scrape these. */
  private static final Set<String> METRICS =
      Set.of(
          "sysext_policy_nodes",
          "sysext_rollout_paused",
          "sysext_slots",
          "sysext_node_failures_total",
          "sysext_state_duration_seconds_bucket",
          "sysext_drain_blocked",
          "sysext_pass_duration_seconds_count",
          "sysext_agent_apply_total",
          "sysext_agent_download_bytes_total",
          "sysext_agent_drift_total");

  @Test
  void alertsAndDashboardAskForMetricsThatThereAre() throws IOException {
    Set<String> asked = new TreeSet<>();
    for (String file : List.of("rules.yaml", "dashboard.json")) {
      Path path = chart.location().resolve("files/metrics").resolve(file);
      JsonNode tree = new YAMLMapper().readTree(path.toFile()); // JSON is YAML
      for (String expression : tree.findValuesAsText("expr")) {
        Matcher name = Pattern.compile("sysext_[a-z_]+").matcher(expression);
        while (name.find()) {
          asked.add(name.group());
        }
      }
    }

    assertThat(asked).containsExactlyInAnyOrderElementsOf(METRICS);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                                            |
          metrics: {podMonitors: {enabled: true}}                       | PodMonitor/sysext-operator
          metrics: {agents: true, podMonitors: {enabled: true}}         | PodMonitor/sysext-operator,PodMonitor/sysext-operator-agent
          metrics: {rules: {enabled: true}}                             | PrometheusRule/sysext-operator
          metrics: {dashboard: {enabled: true}}                         | ConfigMap/sysext-operator-dashboard
          """)
  void monitoringIsThereWhereItIsAskedFor(String values, String rendered) {
    assertThat(
            chart.objects(values).stream()
                .filter(o -> o.getKind().matches("PodMonitor|PrometheusRule|ConfigMap"))
                .map(o -> o.getKind() + "/" + o.getMetadata().getName()))
        .containsExactlyInAnyOrder(rendered == null ? new String[0] : rendered.split(",", -1));
  }

  @Test
  void theCrdsThatAreRenderedAreThoseOfThisBuild() {
    assertThat(
            chart.objects("").stream()
                .filter(CustomResourceDefinition.class::isInstance)
                .map(crd -> ((CustomResourceDefinition) crd).getSpec()))
        .containsExactlyInAnyOrderElementsOf(
            Crds.all().stream().map(CustomResourceDefinition::getSpec).toList());
  }

  @Test
  void theChartHasTheVersionOfThisBuild() throws IOException {
    JsonNode about = new YAMLMapper().readTree(chart.location().resolve("Chart.yaml").toFile());
    Matcher version =
        Pattern.compile("<version>([^<]+)</version>")
            .matcher(Files.readString(Chart.repository().resolve("pom.xml")));

    assertThat(version.find()).isTrue();
    assertThat(about.path("version").asText()).isEqualTo(version.group(1));
    assertThat(about.path("appVersion").asText()).isEqualTo(version.group(1));
  }
}
