package io.kairos.extensions.operator.status;

import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.rollout.Write;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The labels of Nodes that say which version of which extension is active there, so that pods can
 * be scheduled to it: {@code sysext.extensions.kairos.io/NAME=VERSION}, by the image's name on the
 * host.
 *
 * <p>A label comes when the agent reports the version Active and merged. It stays, as it is, while
 * something of that name is merged: the version before works on while the next one is fetched, and
 * again after a rollback. It goes when nothing is. A node whose agent has not reported yet, or that
 * has no state, keeps its labels: absence says nothing.
 */
final class NodeLabels {
  /** The longest name and value of a label. */
  private static final int LONGEST = 63;

  private NodeLabels() {}

  /** The changes that are due. */
  static List<Write> of(FleetSnapshot fleet) {
    List<Write> writes = new ArrayList<>();
    for (Node node : fleet.nodes().values()) {
      fleet
          .state(node.name())
          .filter(state -> state.status().observedGeneration() > 0)
          .ifPresent(state -> change(node, state, writes));
    }
    return writes;
  }

  private static void change(Node node, State state, List<Write> writes) {
    NavigableMap<String, String> now = new TreeMap<>();
    node.labels()
        .forEach(
            (key, value) -> {
              if (key.startsWith(Api.SYSEXT_LABELS) || key.startsWith(Api.CONFEXT_LABELS)) {
                now.put(key, value);
              }
            });
    NavigableMap<String, String> wanted = wanted(state, now);
    NavigableSet<String> gone = new TreeSet<>(now.keySet());
    gone.removeAll(wanted.keySet());
    wanted.entrySet().removeAll(now.entrySet());
    if (!gone.isEmpty() || !wanted.isEmpty()) {
      writes.add(new Write.LabelNode(node.name(), node.uid(), wanted, gone));
    }
  }

  private static NavigableMap<String, String> wanted(
      State state, NavigableMap<String, String> now) {
    NavigableMap<String, String> wanted = new TreeMap<>();
    for (ExtensionStatus entry : state.status().extensions()) {
      String name = plain(entry.name());
      if (!entry.merged() || name.isEmpty()) {
        continue;
      }
      String key = entry.type().text().toLowerCase(Locale.ROOT) + "." + Api.GROUP + "/" + name;
      if (entry.phase() == Phase.ACTIVE) {
        wanted.put(key, plain(entry.version()));
      } else if (now.containsKey(key)) {
        wanted.put(key, now.get(key));
      }
    }
    return wanted;
  }

  /**
   * As the syntax of labels has it: other characters are underscores, and none of them at an end.
   */
  static String plain(String text) {
    return text.substring(0, Math.min(text.length(), LONGEST))
        .replaceAll("[^A-Za-z0-9._-]", "_")
        .replaceAll("^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "");
  }
}
