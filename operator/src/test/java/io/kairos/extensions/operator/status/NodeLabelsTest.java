package io.kairos.extensions.operator.status;

import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.rollout.Write;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class NodeLabelsTest {
  private static final String HELLO = "sysext.extensions.kairos.io/hello";
  private static final Map<String, String> NONE = Map.of();

  @Test
  void whatIsActiveIsSaidAndNothingElseOfTheNodeIsTouched() {
    assertThat(labels(Map.of("zone", "a"), entry("hello", Phase.ACTIVE, "1.0", true)))
        .containsExactly(write(Map.of(HELLO, "1.0")));
    assertThat(labels(Map.of("zone", "a", HELLO, "1.0"), entry("hello", Phase.ACTIVE, "1.0", true)))
        .isEmpty();
    assertThat(labels(Map.of(HELLO, "1.0"), entry("hello", Phase.ACTIVE, "2.0", true)))
        .containsExactly(write(Map.of(HELLO, "2.0")));
  }

  @Test
  void whatIsNotMergedIsNotActive() {
    assertThat(labels(NONE, entry("hello", Phase.ACTIVE, "1.0", false))).isEmpty();
    assertThat(labels(NONE, entry("hello", Phase.FETCHING, "1.0", false))).isEmpty();
    assertThat(labels(NONE, entry("hello", Phase.VERIFYING, "1.0", true))).isEmpty();
    assertThat(labels(Map.of(HELLO, "1.0"), entry("hello", Phase.REMOVED, "1.0", false)))
        .containsExactly(write(NONE, HELLO));
    assertThat(labels(Map.of(HELLO, "1.0", "zone", "a"))).containsExactly(write(NONE, HELLO));
  }

  @Test
  void theVersionBeforeIsSaidWhileItWorksOn() {
    for (Phase phase :
        List.of(Phase.FETCHING, Phase.PENDING_REBOOT, Phase.VERIFYING, Phase.ROLLED_BACK)) {
      assertThat(labels(Map.of(HELLO, "1.0"), entry("hello", phase, "2.0", true)))
          .as(phase.text())
          .isEmpty();
    }
  }

  @Test
  void aNodeWhoseAgentHasSaidNothingKeepsItsLabels() {
    Node labelled = node("n", "amd64", Map.of(HELLO, "1.0"));

    assertThat(NodeLabels.of(fleet(List.of(), List.of(), List.of(labelled)))).isEmpty();
    assertThat(NodeLabels.of(fleet(List.of(), List.of(), List.of(labelled), state(labelled))))
        .isEmpty();
  }

  @Test
  void namesAndVersionsAreMadeLabels() {
    assertThat(labels(NONE, entry("_odd-name-", Phase.ACTIVE, "1.0+build~3", true)))
        .containsExactly(write(Map.of("sysext.extensions.kairos.io/odd-name", "1.0_build_3")));
    assertThat(NodeLabels.plain("v".repeat(70))).hasSize(63);
  }

  private static Write write(Map<String, String> set, String... removed) {
    return new Write.LabelNode(
        "n", "uid-n", new TreeMap<>(set), new TreeSet<>(Arrays.asList(removed)));
  }

  private static ExtensionStatus entry(String name, Phase phase, String version, boolean merged) {
    return ExtensionStatus.builder()
        .name(name)
        .phase(phase)
        .version(version)
        .merged(merged)
        .build();
  }

  private static List<Write> labels(Map<String, String> labels, ExtensionStatus... entries) {
    Node node = node("n", "amd64", labels);
    State reported =
        state(node).toBuilder()
            .status(
                NodeExtensionStateStatus.EMPTY.toBuilder()
                    .observedGeneration(1)
                    .extensions(List.of(entries))
                    .build())
            .build();
    return NodeLabels.of(fleet(List.of(), List.of(), List.of(node), reported));
  }
}
