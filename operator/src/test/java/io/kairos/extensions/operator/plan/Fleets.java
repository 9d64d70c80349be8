package io.kairos.extensions.operator.plan;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionImage;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.api.v1alpha1.SystemExtensionSpec;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Parts of fleets, for tests. */
public final class Fleets {
  /** When these tests take place. */
  public static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");

  private Fleets() {}

  /** A digest that goes with a text. */
  public static String digest(String of) {
    return String.format("%064x", of.hashCode() & 0xffffffffL);
  }

  public static Node node(String name) {
    return node(name, "amd64", Map.of());
  }

  public static Node node(String name, String architecture, Map<String, String> labels) {
    return new Node(
        name,
        "uid-" + name,
        labels,
        architecture,
        true,
        Instant.MAX,
        false,
        "2026-01-01T00:00:00Z");
  }

  public static Node unready(Node node) {
    return node.toBuilder().ready(false).unreadySince(NOW).build();
  }

  public static Node held(Node node) {
    return node.toBuilder().held(true).build();
  }

  public static ExtensionImage image(Architecture architecture, String content) {
    return new ExtensionImage(
        architecture, "https://example.org/" + content + ".raw", digest(content));
  }

  public static Extension extension(String name, String version) {
    return extension(name, name, Map.of(), version, image(Architecture.AMD64, name + version));
  }

  public static Extension extension(
      String name,
      String imageName,
      Map<String, String> labels,
      String version,
      ExtensionImage... images) {
    return new Extension(
        name,
        1,
        false,
        true,
        labels,
        imageName,
        SystemExtensionSpec.builder().version(version).images(Arrays.asList(images)).build(),
        SystemExtensionStatus.EMPTY);
  }

  public static Extension deleting(Extension extension) {
    return new Extension(
        extension.name(),
        extension.generation(),
        true,
        true,
        extension.labels(),
        extension.imageName(),
        extension.spec(),
        extension.status());
  }

  /** A Live policy for all nodes, one at a time. */
  public static Policy policy(String name, String... extensions) {
    return new Policy(
        name,
        "uid-" + name,
        1,
        false,
        true,
        Map.of(),
        NodeExtensionPolicySpec.builder()
            .extensions(Arrays.stream(extensions).map(ExtensionReference::byName).toList())
            .activation(Activation.LIVE)
            .rollout(new Rollout(new IntOrString(1), 0))
            .build(),
        NodeExtensionPolicyStatus.EMPTY);
  }

  public static Policy with(
      Policy policy, UnaryOperator<NodeExtensionPolicySpec.NodeExtensionPolicySpecBuilder> change) {
    return with(policy, change.apply(policy.spec().toBuilder()).build());
  }

  public static Policy with(Policy policy, NodeExtensionPolicySpec spec) {
    return policy.toBuilder().spec(spec).build();
  }

  public static Policy with(Policy policy, NodeExtensionPolicyStatus status) {
    return policy.toBuilder().status(status).build();
  }

  public static Policy deleting(Policy policy) {
    return policy.toBuilder().deleting(true).build();
  }

  public static LabelSelector selector(String key, String value) {
    return new LabelSelectorBuilder().addToMatchLabels(key, value).build();
  }

  /** A state whose agent has not reported on this spec. */
  public static State state(Node node, Assignment... assignments) {
    return new State(
        node.name(),
        "uid-state-" + node.name(),
        node.uid(),
        1,
        1,
        Instant.EPOCH,
        "1",
        Instant.EPOCH,
        Set.of(),
        new NodeExtensionStateSpec(List.of(assignments)),
        NodeExtensionStateStatus.EMPTY);
  }

  /** The same with a report on this spec: every assignment in this phase, tombstones Removed. */
  public static State reported(State state, Phase phase) {
    List<ExtensionStatus> entries =
        state.spec().assignments().stream()
            .map(a -> entry(a, a.remove() ? Phase.REMOVED : phase))
            .toList();
    return state.toBuilder()
        .status(
            NodeExtensionStateStatus.EMPTY.toBuilder()
                .observedGeneration(state.generation())
                .extensions(entries)
                .build())
        .build();
  }

  public static ExtensionStatus entry(Assignment assignment, Phase phase) {
    return ExtensionStatus.builder()
        .type(assignment.type())
        .name(assignment.name())
        .phase(phase)
        .revision(assignment.target().revision())
        .reason(phase == Phase.FAILED ? "DigestMismatch" : "")
        .message(phase == Phase.FAILED ? "got 00, wanted 11" : "")
        .soaked(phase == Phase.ACTIVE)
        .build();
  }

  /** A revision of a policy as it is kept. */
  public static StoredRevision stored(Policy policy, long number, RevisionContent content) {
    return new StoredRevision(
        StoredRevision.objectName(policy.name(), policy.uid(), content),
        policy.name(),
        policy.uid(),
        Revision.of(content),
        number,
        "2026-01-01T00:00:00Z",
        Optional.of(content));
  }

  /** What a policy gives that matches these extensions. */
  public static RevisionContent content(Policy policy, Extension... matched) {
    return RevisionContent.of(policy.spec(), Arrays.asList(matched));
  }

  /** What every policy gives now is kept. */
  public static FleetSnapshot keeping(FleetSnapshot fleet) {
    Plan plan = Planner.plan(fleet);
    return fleet.withRevisions(
        fleet.policies().values().stream()
            .map(policy -> stored(policy, 1, plan.policies().get(policy.name()).course().content()))
            .toList());
  }

  public static FleetSnapshot fleet(
      List<Policy> policies, List<Extension> extensions, List<Node> nodes, State... states) {
    return FleetSnapshot.of(policies, extensions, nodes, List.of(states));
  }

  /** A gate of this name. */
  public static Gate gate(String name) {
    return Gate.builder()
        .name(name)
        .apiVersion("apps/v1")
        .kind("Deployment")
        .expression("object.status.readyReplicas == 3")
        .build();
  }
}
