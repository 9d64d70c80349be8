package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Upcoming;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Pod;
import io.kairos.extensions.operator.plan.RevisionContent;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * One write to the API server. A pass is a list of them; each is conditional on the object being as
 * the pass read it (uid and resourceVersion). In which order they are done, and what it means for
 * the others that one finds its object changed, is {@link Agenda}'s matter.
 */
public sealed interface Write {

  /**
   * Whether nothing else that the pass does rests on this. If the API server refuses such a write,
   * as an admission webhook may for one Node, the rest of the pass is done nevertheless.
   */
  default boolean isLast() {
    return this instanceof CreateState
        || (this instanceof AddFinalizer add && add.policies().isEmpty())
        || this instanceof RemoveFinalizer
        || (this instanceof PolicyStatus status && !status.proves())
        || this instanceof ExtensionStatus
        || this instanceof LabelNode
        || this instanceof Cordon
        || this instanceof Uncordon
        || this instanceof Evict
        || this instanceof DeletePod
        || this instanceof DropRevision
        || this instanceof SiteSecret;
  }

  /**
   * The policies that can give nothing new without this. If the API server refuses it, they are
   * {@link FleetSnapshot#refusals() held}, and the others go on.
   *
   * @param before what the pass has read
   */
  default List<String> holds(FleetSnapshot before) {
    if (this instanceof AddFinalizer add) {
      return add.policies();
    }
    if (this instanceof StoreRevision store) {
      return List.of(store.policy());
    }
    if (this instanceof RenumberRevision renumber) {
      return List.of(before.revisions().get(renumber.object()).policy());
    }
    return this instanceof PolicyStatus status && status.proves()
        ? List.of(status.policy())
        : List.of();
  }

  /** One that is about one node, and counts on no other node's. */
  sealed interface OfNode extends Write {
    /** The name of the node. */
    String node();

    /** The policies that it is written for, by what the spec of the node's state was before. */
    default Set<String> policies(NodeExtensionStateSpec before) {
      Set<String> policies = new TreeSet<>();
      if (this instanceof UpdateState update) {
        Stream.of(update.assignments(), before.assignments())
            .flatMap(List::stream)
            .filter(
                one -> !(update.assignments().contains(one) && before.assignments().contains(one)))
            .forEach(one -> policies.add(one.policy()));
        Stream.of(update.upcoming(), before.upcoming())
            .flatMap(List::stream)
            .filter(one -> !(update.upcoming().contains(one) && before.upcoming().contains(one)))
            .forEach(one -> policies.add(one.policy()));
      } else if (this instanceof Maintain maintain) {
        maintain.maintenance().forEach(one -> policies.add(one.policy()));
      }
      return policies;
    }
  }

  /** One that counts on all others of its pass. */
  sealed interface Concluding extends Write {}

  /** The kinds that are written or asked for. */
  enum Kind {
    /** A NodeExtensionPolicy. */
    POLICY,
    /** A SystemExtension. */
    EXTENSION,
    /** A Node; asked for only. */
    NODE
  }

  /**
   * Our finalizer goes onto an object.
   *
   * @param kind its kind
   * @param name its name
   * @param policies for whose sake
   */
  record AddFinalizer(Kind kind, String name, List<String> policies) implements Write {}

  /** Our finalizer goes off an object, which may thereby vanish. */
  record RemoveFinalizer(Kind kind, String name) implements Concluding {}

  /**
   * The pass ends here if the object is there after all: nothing is released because a cache lags.
   */
  record ConfirmGone(Kind kind, String name) implements Write {}

  /**
   * The pass ends here unless, by a consistent read, the specs and admissions of all states are as
   * the pass has read them. Needed before a batch of the policy is replaced or cleared by one who
   * cannot rule out that another has written batches of it; see {@link Admission}.
   *
   * @param policy the policy whose batch is replaced
   */
  record ConfirmStates(String policy) implements Write {}

  /**
   * The pass ends here if the policy is there after all. One of its name and another uid is another
   * policy.
   */
  record ConfirmPolicyGone(String name, String uid) implements Write {}

  /**
   * What a policy gives is kept, before it is given; see {@link RevisionHistory}.
   *
   * @param policy its name
   * @param object the name of the object to make
   * @param revision the hash of the content
   * @param number its place in the policy's past
   * @param content what is given
   */
  record StoreRevision(
      String policy, String object, String revision, long number, RevisionContent content)
      implements Write {
    @Override
    public String toString() {
      return "StoreRevision[" + object + ", " + number + "]";
    }
  }

  /**
   * What a policy gave before is given again: it becomes the newest. Whoever wanted to drop it as
   * an old one, and comes late, finds it changed.
   *
   * @param object the name of the object
   * @param number its new place in the policy's past
   */
  record RenumberRevision(String object, long number) implements Write {}

  /**
   * What nobody can return to any more is dropped.
   *
   * @param object the name of the object
   */
  record DropRevision(String object) implements Concluding {}

  /**
   * A state for a node that has none, with nothing assigned.
   *
   * @param node the name of the node
   * @param nodeUid the uid of the Node, which becomes its owner
   */
  record CreateState(String node, String nodeUid) implements OfNode {}

  /**
   * The state of a Node that is gone, or of an earlier Node of that name, goes. A cluster's garbage
   * collector does the same; test servers have none.
   *
   * @param node the name of the node
   */
  record DeleteState(String node) implements OfNode {}

  /**
   * The spec of a node's state.
   *
   * @param node the name of the node
   * @param assignments the whole new list
   * @param upcoming the whole new list of what is to come; see {@link Staging}
   * @param admissions the whole new list of admissions; see {@link Admission}
   * @param binding whether the agent has to answer to it before its reports count again; false
   *     where nothing changes but what comes next
   */
  record UpdateState(
      String node,
      List<Assignment> assignments,
      List<Upcoming> upcoming,
      NavigableSet<String> admissions,
      boolean binding)
      implements OfNode {}

  /**
   * The status of a policy. Written even if nothing in it changed where work follows from it: then
   * it proves that the policy is as this pass read it.
   *
   * @param policy its name
   * @param status the whole status
   * @param proves whether work follows from it in this pass
   */
  record PolicyStatus(String policy, NodeExtensionPolicyStatus status, boolean proves)
      implements Write {}

  /**
   * People are told of a turn that the status of a policy has just taken. A pass goes on if that
   * cannot be written now.
   *
   * @param policy its name
   * @param event what is told
   */
  record Tell(String policy, ObjectEvent event) implements Write {}

  /**
   * People are told of a turn that the status of an extension has just taken. A pass goes on if
   * that cannot be written now.
   *
   * @param extension its name
   * @param event what is told
   */
  record TellOfExtension(String extension, ObjectEvent event) implements Write {}

  /**
   * What the Secret for the agents holds; made where it is missing. Comes last: a namespace whose
   * Secrets cannot be written stops nothing else.
   *
   * @param data by key, base64
   */
  record SiteSecret(NavigableMap<String, String> data) implements Write {
    @Override
    public String toString() {
      return "SiteSecret" + data.keySet();
    }
  }

  /**
   * Labels of a Node, and nothing else of it.
   *
   * @param node the name of the Node
   * @param nodeUid its uid; another Node of the name is left alone
   * @param set what they are to be
   * @param removed those that go
   */
  record LabelNode(
      String node, String nodeUid, NavigableMap<String, String> set, NavigableSet<String> removed)
      implements OfNode {}

  /**
   * The status of an extension.
   *
   * @param extension its name
   * @param status the whole status
   */
  record ExtensionStatus(String extension, SystemExtensionStatus status) implements Write {}

  /**
   * What a node's state says of maintenance.
   *
   * @param node the name of the node
   * @param maintenance the whole new list
   */
  record Maintain(String node, List<Maintenance> maintenance) implements OfNode {}

  /**
   * A Node that is not cordoned is, and says that it is by us.
   *
   * @param node its name
   * @param policy for whose sake
   */
  record Cordon(String node, String policy) implements OfNode {}

  /**
   * A Node no longer says that it is cordoned by us.
   *
   * @param node its name
   * @param schedulable whether pods are scheduled onto it again: that it was cordoned is our doing
   */
  record Uncordon(String node, boolean schedulable) implements OfNode {}

  /**
   * A pod is evicted, unless a PodDisruptionBudget protects it. That ends no pass.
   *
   * @param node where it is
   * @param policy for whose sake
   * @param pod which
   */
  record Evict(String node, String policy, Pod pod) implements OfNode {}

  /**
   * A pod is deleted, whatever protects it; it has its time to end in good order.
   *
   * @param node where it is
   * @param pod which
   */
  record DeletePod(String node, Pod pod) implements OfNode {}
}
