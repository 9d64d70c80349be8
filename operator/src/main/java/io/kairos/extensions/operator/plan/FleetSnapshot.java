package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.SystemExtensionSpec;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import lombok.Builder;

/**
 * Everything the operator decides from, as plain values, each kind by name.
 *
 * @param policies the NodeExtensionPolicies
 * @param extensions the SystemExtensions
 * @param nodes the Nodes
 * @param states the NodeExtensionStates, by the name of their node
 * @param site the Secrets and ConfigMaps of the operator's namespace
 * @param revisions what policies have given so far, by the names of the objects that keep it
 * @param gates the last verdicts on gates; a gate that is not here was not asked yet
 * @param pods the pods on nodes that are being drained, by the name of the node
 * @param refusals what the API server said, by the policy that cannot go on without what it refused
 */
public record FleetSnapshot(
    NavigableMap<String, Policy> policies,
    NavigableMap<String, Extension> extensions,
    NavigableMap<String, Node> nodes,
    NavigableMap<String, State> states,
    SiteObjects site,
    NavigableMap<String, StoredRevision> revisions,
    Map<Gate, GateVerdict> gates,
    Map<String, List<Pod>> pods,
    Map<String, String> refusals) {

  /** Copies what it is given. */
  public FleetSnapshot {
    policies = Collections.unmodifiableNavigableMap(new TreeMap<>(policies));
    extensions = Collections.unmodifiableNavigableMap(new TreeMap<>(extensions));
    nodes = Collections.unmodifiableNavigableMap(new TreeMap<>(nodes));
    states = Collections.unmodifiableNavigableMap(new TreeMap<>(states));
    revisions = Collections.unmodifiableNavigableMap(new TreeMap<>(revisions));
    gates = Map.copyOf(gates);
    pods = Map.copyOf(pods);
    refusals = Map.copyOf(refusals);
  }

  /** A snapshot of these objects. */
  public static FleetSnapshot of(
      Collection<Policy> policies,
      Collection<Extension> extensions,
      Collection<Node> nodes,
      Collection<State> states) {
    return new FleetSnapshot(
        byName(policies, Policy::name),
        byName(extensions, Extension::name),
        byName(nodes, Node::name),
        byName(states, State::node),
        SiteObjects.NONE,
        new TreeMap<>(),
        Map.of(),
        Map.of(),
        Map.of());
  }

  /** With the Secrets and ConfigMaps of the operator's namespace. */
  public FleetSnapshot withSite(SiteObjects objects) {
    return new FleetSnapshot(
        policies, extensions, nodes, states, objects, revisions, gates, pods, refusals);
  }

  /** With what policies have given so far. */
  public FleetSnapshot withRevisions(Collection<StoredRevision> stored) {
    return new FleetSnapshot(
        policies,
        extensions,
        nodes,
        states,
        site,
        byName(stored, StoredRevision::object),
        gates,
        pods,
        refusals);
  }

  /** With the last verdicts on gates. */
  public FleetSnapshot withGates(Map<Gate, GateVerdict> verdicts) {
    return new FleetSnapshot(
        policies, extensions, nodes, states, site, revisions, verdicts, pods, refusals);
  }

  /** With what somebody has seen of pods, by node. */
  public FleetSnapshot withPods(Map<String, List<Pod>> seen) {
    return new FleetSnapshot(
        policies, extensions, nodes, states, site, revisions, gates, seen, refusals);
  }

  /** With what the API server has refused, by policy. */
  public FleetSnapshot withRefusals(Map<String, String> said) {
    return new FleetSnapshot(
        policies, extensions, nodes, states, site, revisions, gates, pods, said);
  }

  /** What a policy has given so far; what it gave last comes first. */
  public List<StoredRevision> revisionsOf(Policy policy) {
    return revisions.values().stream()
        .filter(stored -> stored.policyUid().equals(policy.uid()))
        .sorted(StoredRevision.NEWEST_FIRST)
        .toList();
  }

  private static <T> NavigableMap<String, T> byName(Collection<T> items, Function<T, String> name) {
    NavigableMap<String, T> result = new TreeMap<>();
    items.forEach(item -> result.put(name.apply(item), item));
    return result;
  }

  /**
   * The state of a node, if it has one: the Node is there and owns it. The state of an earlier Node
   * of the same name speaks of another machine, or of one that was registered anew, and does not
   * count.
   */
  public Optional<State> state(String node) {
    return Optional.ofNullable(states.get(node)).filter(state -> !isStale(state));
  }

  /** Whether the Node that owns the state is gone, or another one of its name is there now. */
  public boolean isStale(State state) {
    Node node = nodes.get(state.node());
    return node == null || !node.uid().equals(state.ownerUid());
  }

  /**
   * A NodeExtensionPolicy.
   *
   * @param name metadata.name
   * @param uid metadata.uid
   * @param generation metadata.generation
   * @param deleting whether it has a deletionTimestamp
   * @param hasFinalizer whether our finalizer is on it
   * @param annotations its annotations of our group: what people say to a rollout
   * @param spec what it asks for
   * @param status what stands in it
   */
  @Builder(toBuilder = true)
  public record Policy(
      String name,
      String uid,
      long generation,
      boolean deleting,
      boolean hasFinalizer,
      Map<String, String> annotations,
      NodeExtensionPolicySpec spec,
      NodeExtensionPolicyStatus status) {
    private static final int LONGEST_NONCE = 63;

    /** Copies the annotations. */
    public Policy {
      annotations = Map.copyOf(annotations);
    }

    /**
     * The attempt that a person asks for, empty for none. The first 63 characters of the annotation
     * count: that is what an assignment can carry.
     */
    public String retry() {
      String nonce = annotation(Api.RETRY_ANNOTATION);
      return nonce.substring(0, Math.min(nonce.length(), LONGEST_NONCE));
    }

    /** The value of an annotation, empty where it is not there. */
    public String annotation(String key) {
      return annotations.getOrDefault(key, "");
    }
  }

  /**
   * A SystemExtension.
   *
   * @param name metadata.name
   * @param generation metadata.generation
   * @param deleting whether it has a deletionTimestamp
   * @param hasFinalizer whether our finalizer is on it
   * @param labels its labels
   * @param imageName the image's name on the host
   * @param spec what it is
   * @param status what stands in it
   */
  public record Extension(
      String name,
      long generation,
      boolean deleting,
      boolean hasFinalizer,
      Map<String, String> labels,
      String imageName,
      SystemExtensionSpec spec,
      SystemExtensionStatus status) {
    /** Copies the labels. */
    public Extension {
      labels = Map.copyOf(labels);
    }
  }

  /**
   * A Node.
   *
   * @param name metadata.name
   * @param uid metadata.uid
   * @param labels its labels
   * @param architecture as {@code kubernetes.io/arch} spells it, empty where unknown
   * @param ready whether its Ready condition is True
   * @param unreadySince since when it is not, by this operator's own clock where it saw the change;
   *     never later than now; {@link Instant#MAX} while it is Ready
   * @param held whether a person put it on hold: nothing new is admitted there
   * @param created metadata.creationTimestamp, RFC 3339
   * @param cordon whether pods are scheduled onto it, and whose doing it is if not
   * @param rebooting whether somebody else is about to reboot it: kured says so
   */
  @Builder(toBuilder = true)
  public record Node(
      String name,
      String uid,
      Map<String, String> labels,
      String architecture,
      boolean ready,
      Instant unreadySince,
      boolean held,
      String created,
      Cordon cordon,
      boolean rebooting) {
    /** Copies the labels. */
    public Node {
      labels = Map.copyOf(labels);
    }

    /** One that pods are scheduled onto. */
    public Node(
        String name,
        String uid,
        Map<String, String> labels,
        String architecture,
        boolean ready,
        Instant unreadySince,
        boolean held,
        String created) {
      this(name, uid, labels, architecture, ready, unreadySince, held, created, Cordon.NONE, false);
    }

    /** Whether it serves: Ready, schedulable, and left alone by others. */
    public boolean isAvailable() {
      return ready && !cordon.isUnschedulable() && !rebooting;
    }

    /** What somebody else does to it, if so: it is not to be changed meanwhile. */
    public Optional<String> othersWork() {
      if (rebooting) {
        return Optional.of("kured is about to reboot it");
      }
      return cordon == Cordon.THEIRS || cordon == Cordon.TAKEN_OVER
          ? Optional.of("cordoned by somebody else")
          : Optional.empty();
    }
  }

  /** Whether pods are scheduled onto a node, and whose doing it is if not. */
  public enum Cordon {
    /** They are. */
    NONE,
    /** We cordoned it. */
    OURS,
    /** We cordoned it, and somebody uncordoned it since. */
    UNDONE,
    /** We cordoned it, and somebody else did so anew since. */
    TAKEN_OVER,
    /** Somebody else cordoned it. */
    THEIRS;

    /** Whether no pods are scheduled onto it. */
    public boolean isUnschedulable() {
      return this == OURS || this == TAKEN_OVER || this == THEIRS;
    }

    /** Whether our annotation is on it. */
    public boolean isMarked() {
      return this == OURS || this == UNDONE || this == TAKEN_OVER;
    }
  }

  /**
   * A pod on a node that is being drained.
   *
   * @param namespace metadata.namespace
   * @param name metadata.name
   * @param uid metadata.uid
   * @param phase status.phase
   * @param controller the kind of its controller, empty for none
   * @param mirror whether a kubelet shows a static pod by it
   * @param endsBy until when it has to have ended, once it was deleted
   * @param own whether it is this very process
   * @param refusal why its eviction was refused last, if it was
   */
  @Builder(toBuilder = true)
  public record Pod(
      String namespace,
      String name,
      String uid,
      String phase,
      String controller,
      boolean mirror,
      Optional<Instant> endsBy,
      boolean own,
      Optional<Refusal> refusal) {

    /** NAMESPACE/NAME. */
    public String path() {
      return namespace + "/" + name;
    }

    /**
     * An eviction that was refused.
     *
     * @param message why, with the name of the PodDisruptionBudget
     * @param retryAt when to ask again
     */
    public record Refusal(String message, Instant retryAt) {}
  }

  /**
   * A NodeExtensionState.
   *
   * @param node metadata.name, which is the node's
   * @param uid metadata.uid
   * @param ownerUid the uid of the Node that owns it, empty without an owner
   * @param generation metadata.generation
   * @param boundGeneration the generation since which nothing changed but what comes next: a report
   *     on it, or a later one, counts
   * @param boundSince when that generation was written, by the operator's clock; {@link
   *     Instant#EPOCH} where nobody noted it
   * @param resourceVersion metadata.resourceVersion
   * @param quietSince since when its agent has told nothing new of its extensions, as far as this
   *     operator has seen
   * @param admissions which admissions its spec is the result of; see {@code rollout.Admission}
   * @param spec what shall be on the node
   * @param status what the agent reports
   */
  @Builder(toBuilder = true)
  public record State(
      String node,
      String uid,
      String ownerUid,
      long generation,
      long boundGeneration,
      Instant boundSince,
      String resourceVersion,
      Instant quietSince,
      Set<String> admissions,
      NodeExtensionStateSpec spec,
      NodeExtensionStateStatus status) {
    /** Copies the admissions. */
    public State {
      admissions = Set.copyOf(admissions);
    }
  }
}
