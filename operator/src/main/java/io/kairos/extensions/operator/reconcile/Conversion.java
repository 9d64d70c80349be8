package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.OwnerReference;
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
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
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

  private static final String ARCHITECTURE = "kubernetes.io/arch";

  private Conversion() {}

  static FleetSnapshot.Policy policy(NodeExtensionPolicy policy) {
    return new FleetSnapshot.Policy(
        policy.getMetadata().getName(),
        uid(policy),
        generation(policy),
        policy.isMarkedForDeletion(),
        policy.hasFinalizer(Api.FINALIZER),
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

  static FleetSnapshot.Node node(Node node) {
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
        held,
        text(node.getMetadata().getCreationTimestamp()));
  }

  static FleetSnapshot.State state(NodeExtensionState state) {
    return new FleetSnapshot.State(
        state.getMetadata().getName(),
        uid(state),
        state.getMetadata().getOwnerReferences().stream()
            .filter(owner -> "Node".equals(owner.getKind()))
            .map(OwnerReference::getUid)
            .findFirst()
            .orElse(""),
        generation(state),
        text(state.getMetadata().getResourceVersion()),
        admissions(map(state.getMetadata().getAnnotations()).getOrDefault(ADMISSIONS, "")),
        state.getSpec() == null ? NodeExtensionStateSpec.EMPTY : state.getSpec(),
        state.getStatus() == null ? NodeExtensionStateStatus.EMPTY : state.getStatus());
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

  private static boolean isReady(Node node) {
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

  private static Map<String, String> map(Map<String, String> value) {
    return value == null ? Map.of() : value;
  }

  private static String text(String value) {
    return value == null ? "" : value;
  }
}
