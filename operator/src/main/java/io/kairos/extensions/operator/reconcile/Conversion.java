package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.SourceKeys;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.SiteObjects;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Objects of the API server as the values that the pure rooms decide from. */
final class Conversion {
  /**
   * On a NodeExtensionState: the admissions that its spec is the result of, separated by blanks.
   * See {@code rollout.Admission}.
   */
  static final String ADMISSIONS = Api.GROUP + "/admissions";

  /** Who we are to the API server where it notes who has set a field. */
  static final String FIELD_MANAGER = "sysext-operator";

  /** On a Node that kured is about to reboot; with its option {@code --annotate-nodes}. */
  static final String KURED_REBOOTS = "weave.works/kured-reboot-in-progress";

  private static final String MIRROR = "kubernetes.io/config.mirror";

  /**
   * On a NodeExtensionState: the generation since which nothing changed but what comes next, where
   * that is not the present one.
   */
  static final String BOUND_GENERATION = Api.GROUP + "/bound-generation";

  /** On a NodeExtensionState: when a write last made its agent answer anew, RFC 3339. */
  static final String BOUND_TIME = Api.GROUP + "/bound-time";

  private static final String ARCHITECTURE = "kubernetes.io/arch";

  private Conversion() {}

  static FleetSnapshot.Policy policy(NodeExtensionPolicy policy) {
    return new FleetSnapshot.Policy(
        policy.getMetadata().getName(),
        uid(policy),
        generation(policy),
        policy.isMarkedForDeletion(),
        policy.hasFinalizer(Api.FINALIZER),
        ours(map(policy.getMetadata().getAnnotations())),
        policy.getSpec(),
        policy.getStatus());
  }

  static FleetSnapshot.Extension extension(SystemExtension extension) {
    return new FleetSnapshot.Extension(
        extension.getMetadata().getName(),
        generation(extension),
        extension.isMarkedForDeletion(),
        extension.hasFinalizer(Api.FINALIZER),
        map(extension.getMetadata().getLabels()),
        extension.imageName(),
        extension.getSpec(),
        extension.getStatus());
  }

  /**
   * A Node.
   *
   * @param unreadySince since when it is not Ready
   */
  static FleetSnapshot.Node node(Node node, Instant unreadySince) {
    Map<String, String> labels = map(node.getMetadata().getLabels());
    String hold = map(node.getMetadata().getAnnotations()).getOrDefault(Api.HOLD_ANNOTATION, "");
    boolean held =
        map(node.getMetadata().getAnnotations()).containsKey(Api.HOLD_ANNOTATION)
            && !hold.equals("false");
    return new FleetSnapshot.Node(
        node.getMetadata().getName(),
        uid(node),
        labels,
        architecture(node, labels),
        isReady(node),
        unreadySince,
        held,
        text(node.getMetadata().getCreationTimestamp()),
        cordon(node),
        map(node.getMetadata().getAnnotations()).containsKey(KURED_REBOOTS));
  }

  /**
   * Whose a cordon is. The API server notes who has set {@code spec.unschedulable}: so a person who
   * uncordons a node of ours and cordons it again is told from us.
   */
  private static FleetSnapshot.Cordon cordon(Node node) {
    boolean marked = map(node.getMetadata().getAnnotations()).containsKey(Api.CORDONED_ANNOTATION);
    boolean unschedulable =
        node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable());
    if (!unschedulable) {
      return marked ? FleetSnapshot.Cordon.UNDONE : FleetSnapshot.Cordon.NONE;
    }
    if (!marked) {
      return FleetSnapshot.Cordon.THEIRS;
    }
    List<ManagedFieldsEntry> setters = PruningStore.cordoners(node);
    boolean ours =
        setters.isEmpty()
            || setters.stream().allMatch(entry -> FIELD_MANAGER.equals(entry.getManager()));
    return ours ? FleetSnapshot.Cordon.OURS : FleetSnapshot.Cordon.TAKEN_OVER;
  }

  /** A pod, as far as a drain goes. */
  static FleetSnapshot.Pod pod(Pod pod, boolean own, Optional<FleetSnapshot.Pod.Refusal> refusal) {
    return new FleetSnapshot.Pod(
        pod.getMetadata().getNamespace(),
        pod.getMetadata().getName(),
        uid(pod),
        pod.getStatus() == null ? "" : text(pod.getStatus().getPhase()),
        pod.getMetadata().getOwnerReferences().stream()
            .filter(owner -> Boolean.TRUE.equals(owner.getController()))
            .map(OwnerReference::getKind)
            .findFirst()
            .orElse(""),
        map(pod.getMetadata().getAnnotations()).containsKey(MIRROR),
        Optional.ofNullable(pod.getMetadata().getDeletionTimestamp()).map(Instant::parse),
        own,
        refusal);
  }

  /**
   * A NodeExtensionState.
   *
   * @param quietSince since when its agent has told nothing new
   */
  static FleetSnapshot.State state(NodeExtensionState state, Instant quietSince) {
    return new FleetSnapshot.State(
        state.getMetadata().getName(),
        uid(state),
        state.getMetadata().getOwnerReferences().stream()
            .filter(owner -> "Node".equals(owner.getKind()))
            .map(OwnerReference::getUid)
            .findFirst()
            .orElse(""),
        generation(state),
        boundGeneration(state),
        boundSince(state),
        text(state.getMetadata().getResourceVersion()),
        quietSince,
        admissions(map(state.getMetadata().getAnnotations()).getOrDefault(ADMISSIONS, "")),
        state.getSpec() == null ? NodeExtensionStateSpec.EMPTY : state.getSpec(),
        state.getStatus() == null ? NodeExtensionStateStatus.EMPTY : state.getStatus());
  }

  /** The generation that reports have to be on; the present one, unless a write said otherwise. */
  static long boundGeneration(NodeExtensionState state) {
    String bound = map(state.getMetadata().getAnnotations()).getOrDefault(BOUND_GENERATION, "");
    return bound.matches("[0-9]{1,18}")
        ? Math.min(Long.parseLong(bound), generation(state))
        : generation(state);
  }

  private static Instant boundSince(NodeExtensionState state) {
    String time = map(state.getMetadata().getAnnotations()).getOrDefault(BOUND_TIME, "");
    try {
      return time.isEmpty() ? Instant.EPOCH : Instant.parse(time);
    } catch (DateTimeParseException somebodyElseWroteIt) {
      return Instant.EPOCH;
    }
  }

  /** Whether two readings of a state show the same spec, as the result of the same admissions. */
  static boolean isSameOrder(NodeExtensionState one, NodeExtensionState other) {
    FleetSnapshot.State a = state(one, Instant.EPOCH);
    FleetSnapshot.State b = state(other, Instant.EPOCH);
    return a.uid().equals(b.uid())
        && a.generation() == b.generation()
        && a.admissions().equals(b.admissions());
  }

  static SiteObjects site(Map<String, Secret> secrets, Map<String, ConfigMap> configMaps) {
    NavigableMap<String, SiteObjects.Secret> secretsByName = new TreeMap<>();
    secrets.forEach(
        (name, secret) -> {
          if (!name.equals(SourceKeys.SECRET)) {
            secretsByName.put(
                name, new SiteObjects.Secret(text(secret.getType()), map(secret.getData())));
          }
        });
    NavigableMap<String, SiteObjects.ConfigMap> configMapsByName = new TreeMap<>();
    configMaps.forEach((name, configMap) -> configMapsByName.put(name, configMap(configMap)));
    Optional<NavigableMap<String, String>> handedOut =
        Optional.ofNullable(secrets.get(SourceKeys.SECRET))
            .map(secret -> new TreeMap<>(map(secret.getData())));
    return new SiteObjects(secretsByName, configMapsByName, handedOut);
  }

  private static SiteObjects.ConfigMap configMap(ConfigMap configMap) {
    Map<String, String> data = new HashMap<>(map(configMap.getBinaryData()));
    map(configMap.getData())
        .forEach(
            (key, value) ->
                data.put(
                    key,
                    Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
    return new SiteObjects.ConfigMap(data);
  }

  /** The admissions as the annotation holds them. */
  static String admissions(NavigableSet<String> admissions) {
    return String.join(" ", admissions);
  }

  private static Set<String> admissions(String annotation) {
    return Arrays.stream(annotation.split(" ", -1))
        .filter(admission -> !admission.isEmpty())
        .collect(Collectors.toUnmodifiableSet());
  }

  private static String architecture(Node node, Map<String, String> labels) {
    String reported =
        node.getStatus() == null || node.getStatus().getNodeInfo() == null
            ? ""
            : text(node.getStatus().getNodeInfo().getArchitecture());
    return reported.isEmpty() ? labels.getOrDefault(ARCHITECTURE, "") : reported;
  }

  private static Map<String, String> ours(Map<String, String> annotations) {
    return annotations.entrySet().stream()
        .filter(annotation -> annotation.getKey().startsWith(Api.GROUP + "/"))
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** Whether the Ready condition of a Node is True. */
  static boolean isReady(Node node) {
    return node.getStatus() != null
        && node.getStatus().getConditions() != null
        && node.getStatus().getConditions().stream()
            .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus()));
  }

  private static String uid(HasMetadata object) {
    return text(object.getMetadata().getUid());
  }

  private static long generation(HasMetadata object) {
    Long generation = object.getMetadata().getGeneration();
    return generation == null ? 0 : generation;
  }

  /** Without nulls, which API servers do not keep, and stand-ins for them may. */
  private static Map<String, String> map(Map<String, String> value) {
    if (value == null) {
      return Map.of();
    }
    Map<String, String> result = new TreeMap<>(value);
    result.values().removeIf(Objects::isNull);
    return result;
  }

  private static String text(String value) {
    return value == null ? "" : value;
  }
}
