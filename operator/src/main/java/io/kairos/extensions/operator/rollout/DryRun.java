package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.Preview;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.WavePreview;
import io.kairos.extensions.api.v1alpha1.Wave;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What a rollout would do, wave by wave: counts, and a few of the nodes in the order in which they
 * would come. What a policy no longer selects would be cleaned beside the last wave.
 */
final class DryRun {
  private static final int MAX_SAMPLES = 10;

  private DryRun() {}

  /**
   * The preview of a rollout.
   *
   * @param candidates the nodes that need an admission, in order
   * @param cannotNow whether a node could not be admitted now, whatever the slots
   */
  static Preview preview(
      String policy,
      String revision,
      Membership membership,
      List<String> candidates,
      Map<String, NodeWork> work,
      Predicate<String> cannotNow) {
    Map<String, List<String>> byWave = new LinkedHashMap<>();
    membership.names().forEach(wave -> byWave.put(wave, new ArrayList<>()));
    candidates.forEach(node -> byWave.get(membership.waveOf(node).orElse(Wave.REST)).add(node));
    List<WavePreview> waves = new ArrayList<>();
    byWave.forEach(
        (wave, nodes) -> {
          if (!nodes.isEmpty()) {
            waves.add(
                new WavePreview(
                    wave,
                    count(nodes, n -> changes(work.get(n), policy, false)),
                    count(nodes, n -> changes(work.get(n), policy, true)),
                    count(nodes, cannotNow),
                    nodes.stream()
                        .limit(MAX_SAMPLES)
                        .map(n -> n + ": " + described(work.get(n), policy))
                        .toList()));
          }
        });
    return new Preview(revision, waves);
  }

  private static int count(List<String> nodes, Predicate<String> which) {
    return (int) nodes.stream().filter(which).count();
  }

  private static boolean changes(NodeWork node, String policy, boolean remove) {
    return node.changesOf(policy).values().stream().anyMatch(a -> a.remove() == remove);
  }

  /** {@code hello 1.0 -> 1.1, world is removed}. */
  private static String described(NodeWork node, String policy) {
    return node.changesOf(policy).values().stream()
        .map(change -> described(node, change))
        .collect(Collectors.joining(", "));
  }

  private static String described(NodeWork node, Assignment change) {
    if (change.remove()) {
      return change.name() + " is removed";
    }
    Optional<String> before =
        node.state().spec().assignments().stream()
            .filter(a -> a.key().equals(change.key()))
            .map(a -> a.target().version())
            .filter(version -> !version.equals(change.target().version()))
            .findFirst();
    return change.name()
        + " "
        + before.map(version -> version + " -> ").orElse("")
        + change.target().version();
  }
}
