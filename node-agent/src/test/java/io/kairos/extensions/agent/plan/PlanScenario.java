package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.digest;
import static io.kairos.extensions.agent.plan.Wanted.nextBoot;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action.Refresh;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A model host with an agent on it, and the words that tests of plans share. */
abstract class PlanScenario {
  static final String V1 = digest("tool", "1");
  static final String V2 = digest("tool", "2");
  static final String V3 = digest("tool", "3");

  final ModelHost host = new ModelHost();
  final ModelAgent agent = new ModelAgent(host);

  static Refresh tries(String name, String version) {
    return new Refresh(
        Map.of(name, Optional.of(digest(name, version))),
        Set.of(new ExtensionKey(ExtensionType.SYSEXT, name)));
  }

  static Refresh tries(Assignment... assignments) {
    Map<String, Optional<String>> expected = new HashMap<>();
    for (Assignment assignment : assignments) {
      expected.put(assignment.name(), Optional.of(assignment.target().image().sha256()));
    }
    return new Refresh(
        expected, List.of(assignments).stream().map(Assignment::key).collect(Collectors.toSet()));
  }

  static Refresh brings(String name, String version) {
    return new Refresh(Map.of(name, Optional.of(digest(name, version))), Set.of());
  }

  static Refresh ends(String name) {
    return new Refresh(Map.of(name, Optional.empty()), Set.of());
  }

  List<Action> settleAndTell() {
    agent.settleForGood();
    return agent.news();
  }

  void assertMerged(String name, String version) {
    assertThat(host.merged()).containsEntry(name, Optional.of(digest(name, version)));
  }

  /** The first try of it is lost to a boot: it is bad. */
  void bootsWithABadVersion(String version) {
    host.bad(digest("tool", version));
    agent.want(nextBoot("tool", version)).settle();
    agent.powerCut();
    agent.news();
  }
}
