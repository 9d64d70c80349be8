package io.kairos.extensions.operator.status;

import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.image;
import static io.kairos.extensions.operator.plan.Fleets.keeping;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.reported;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.FileOverlap;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.rollout.ObjectEvent;
import io.kairos.extensions.operator.rollout.Write;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What agents say of files that two extensions carry is told on both extensions. */
class OverlapSummaryTest {
  private static final Circumstances NOW = Circumstances.at(Instant.parse("2026-01-01T00:00:00Z"));

  private final Extension hello = extension("hello", "1");

  /** Its name on the host is another one. */
  private final Extension tools =
      extension("tools", "zz-tools", Map.of(), "1", image(Architecture.AMD64, "tools1"));

  private final Policy base = policy("base", "hello", "tools");

  private static FileOverlap overlap(String hidden, String shown, int count, String... files) {
    return new FileOverlap(ExtensionType.SYSEXT, hidden, shown, List.of(files), count);
  }

  private State saying(Node node, FileOverlap... overlaps) {
    return saying(base, List.of(hello, tools), node, overlaps);
  }

  private State saying(Policy policy, Extension more, Node node, FileOverlap... overlaps) {
    return saying(policy, List.of(hello, tools, more), node, overlaps);
  }

  private static State saying(
      Policy policy, List<Extension> extensions, Node node, FileOverlap... overlaps) {
    FleetSnapshot fleet = fleet(List.of(policy), extensions, List.of(node));
    Assignment[] wanted =
        Planner.plan(fleet).nodes().get(node.name()).wanted().values().toArray(Assignment[]::new);
    State state = reported(state(node, wanted), Phase.ACTIVE);
    return state.toBuilder()
        .status(state.status().toBuilder().overlaps(List.of(overlaps)).build())
        .build();
  }

  private record Told(
      Map<String, SystemExtensionStatus> statuses, List<Write.TellOfExtension> tellings) {
    List<ObjectEvent> events() {
      return tellings.stream().map(Write.TellOfExtension::event).toList();
    }
  }

  private Told pass(List<Extension> extensions, State... states) {
    return pass(base, extensions, states);
  }

  private static Told pass(Policy policy, List<Extension> extensions, State... states) {
    List<Node> nodes =
        IntStream.rangeClosed(1, states.length).mapToObj(i -> node("n" + i)).toList();
    FleetSnapshot fleet = keeping(fleet(List.of(policy), extensions, nodes, states));
    List<Write.TellOfExtension> tellings = new ArrayList<>();
    Map<String, SystemExtensionStatus> statuses = new TreeMap<>();
    for (Write write : FleetPass.of(fleet, NOW).writes()) {
      if (write instanceof Write.ExtensionStatus status) {
        statuses.put(status.extension(), status.status());
      } else if (write instanceof Write.TellOfExtension tell) {
        tellings.add(tell);
      }
    }
    return new Told(statuses, tellings);
  }

  private Told pass(State... states) {
    return pass(List.of(hello, tools), states);
  }

  private static Optional<Condition> condition(Told told, String extension) {
    return Conditions.find(told.statuses().get(extension).conditions(), Conditions.FILES_OVERLAP);
  }

  private static Extension knowing(Extension extension, Told told) {
    return new Extension(
        extension.name(),
        extension.generation(),
        false,
        true,
        extension.labels(),
        extension.imageName(),
        extension.spec(),
        told.statuses().get(extension.name()));
  }

  @Test
  void bothExtensionsNameTheFilesTheOtherOneAndTheNodes() {
    Told told =
        pass(
            saying(node("n1"), overlap("hello", "zz-tools", 7, "/usr/bin/x", "/usr/bin/y")),
            saying(node("n2"), overlap("hello", "zz-tools", 2, "/usr/bin/x", "/usr/bin/z")));

    assertThat(condition(told, "hello").orElseThrow())
        .satisfies(
            condition -> {
              assertThat(condition.getStatus()).isEqualTo(Conditions.TRUE);
              assertThat(condition.getReason()).isEqualTo(Reasons.LAST_NAME_WINS);
              assertThat(condition.getMessage())
                  .isEqualTo(
                      "tools carries /usr/bin/x, /usr/bin/y, /usr/bin/z and 4 more as well, on 2"
                          + " nodes (n1, n2): those of tools are seen");
            });
    assertThat(condition(told, "tools").orElseThrow().getMessage())
        .startsWith("hello carries /usr/bin/x")
        .endsWith("those of tools are seen");
    assertThat(
            Conditions.find(told.statuses().get("hello").conditions(), Conditions.READY)
                .orElseThrow()
                .getStatus())
        .as("it is in effect all the same")
        .isEqualTo(Conditions.TRUE);
  }

  @Test
  void filesAreNamedUpToABound() {
    String[] files =
        IntStream.rangeClosed(1, 5).mapToObj(i -> "/usr/bin/" + i).toArray(String[]::new);
    String[] others =
        IntStream.rangeClosed(6, 9).mapToObj(i -> "/usr/bin/" + i).toArray(String[]::new);
    Told told =
        pass(
            saying(node("n1"), overlap("hello", "zz-tools", 5, files)),
            saying(node("n2"), overlap("hello", "zz-tools", 4, others)));

    assertThat(condition(told, "hello").orElseThrow().getMessage())
        .contains("/usr/bin/5 and 4 more as well")
        .doesNotContain("/usr/bin/6");
  }

  @Test
  void itIsToldByOneEventForEachWhenItBeginsAndNeitherAgainNorWhenItIsOver() {
    FileOverlap one = overlap("hello", "zz-tools", 1, "/usr/bin/x");
    Told first = pass(saying(node("n1"), one));
    assertThat(first.events())
        .hasSize(2)
        .allSatisfy(
            event -> {
              assertThat(event.reason()).isEqualTo("FilesOverlap");
              assertThat(event.warning()).isTrue();
              assertThat(event.note()).contains("/usr/bin/x", "on 1 node (n1)");
            });

    List<Extension> known = List.of(knowing(hello, first), knowing(tools, first));
    Told second = pass(known, saying(node("n1"), one), saying(node("n2"), one));
    assertThat(condition(second, "hello").orElseThrow().getMessage()).contains("2 nodes (n1, n2)");
    assertThat(second.events()).isEmpty();

    Told last = pass(known, saying(node("n1")), saying(node("n2")));
    assertThat(condition(last, "hello")).isEmpty();
    assertThat(condition(last, "tools")).isEmpty();
    assertThat(last.events()).isEmpty();
  }

  @Test
  void anExtensionThatJoinsIsToldByAnEventOfEachThatItSharesFilesWith() {
    Extension more = extension("more", "1");
    Policy all = policy("base", "hello", "tools", "more");
    FileOverlap one = overlap("hello", "zz-tools", 1, "/usr/bin/x");
    Told first = pass(all, List.of(hello, tools, more), saying(all, more, node("n1"), one));
    assertThat(first.events()).hasSize(2);

    List<Extension> known =
        List.of(knowing(hello, first), knowing(tools, first), knowing(more, first));
    State joined = saying(all, more, node("n1"), one, overlap("hello", "more", 1, "/usr/bin/y"));
    Told second = pass(all, known, joined);
    assertThat(second.tellings())
        .extracting(Write.TellOfExtension::extension)
        .containsExactlyInAnyOrder("hello", "more");
    assertThat(second.events())
        .allSatisfy(event -> assertThat(event.note()).contains("/usr/bin/y"));

    List<Extension> wise =
        List.of(knowing(hello, second), knowing(tools, first), knowing(more, second));
    assertThat(pass(all, wise, joined).events()).isEmpty();
    Told left = pass(all, wise, saying(all, more, node("n1"), one));
    assertThat(left.events()).as("one is over, the other goes on").isEmpty();
    assertThat(left.statuses().get("hello").overlapsWith()).containsExactly("tools");
  }

  @Test
  void whatNoAssignmentNamesIsNobodys() {
    Told told = pass(saying(node("n1"), overlap("hello", "stranger", 1, "/usr/bin/x")));
    assertThat(condition(told, "hello")).isEmpty();
    assertThat(told.events()).isEmpty();
  }
}
