package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;

/**
 * One write to the API server. A pass is a list of them, done in order; each is conditional on the
 * object being as the pass read it (uid and resourceVersion), and the first that fails ends the
 * pass. All later ones may count on all earlier ones.
 */
public sealed interface Write {

  /** The kinds that are written or asked for. */
  enum Kind {
    /** A NodeExtensionPolicy. */
    POLICY,
    /** A SystemExtension. */
    EXTENSION,
    /** A Node; asked for only. */
    NODE
  }

  /** Our finalizer goes onto an object. */
  record AddFinalizer(Kind kind, String name) implements Write {}

  /** Our finalizer goes off an object, which may thereby vanish. */
  record RemoveFinalizer(Kind kind, String name) implements Write {}

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
   * A state for a node that has none, with nothing assigned.
   *
   * @param node the name of the node
   * @param nodeUid the uid of the Node, which becomes its owner
   */
  record CreateState(String node, String nodeUid) implements Write {}

  /**
   * The state of a Node that is gone, or of an earlier Node of that name, goes. A cluster's garbage
   * collector does the same; test servers have none.
   *
   * @param node the name of the node
   */
  record DeleteState(String node) implements Write {}

  /**
   * The spec of a node's state.
   *
   * @param node the name of the node
   * @param assignments the whole new list
   * @param admissions the whole new list of admissions; see {@link Admission}
   */
  record UpdateState(String node, List<Assignment> assignments, NavigableSet<String> admissions)
      implements Write {}

  /**
   * The status of a policy. Written even if nothing in it changed where work follows from it: then
   * it proves that the policy is as this pass read it.
   *
   * @param policy its name
   * @param status the whole status
   */
  record PolicyStatus(String policy, NodeExtensionPolicyStatus status) implements Write {}

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
   * The status of an extension.
   *
   * @param extension its name
   * @param status the whole status
   */
  record ExtensionStatus(String extension, SystemExtensionStatus status) implements Write {}
}
