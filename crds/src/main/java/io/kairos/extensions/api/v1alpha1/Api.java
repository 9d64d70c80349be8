package io.kairos.extensions.api.v1alpha1;

/** Names that operator, agent and users share. */
public final class Api {
  /** The API group of all three kinds. */
  public static final String GROUP = "extensions.kairos.io";

  /** The API version of all three kinds. */
  public static final String VERSION = "v1alpha1";

  /** On policies and extensions in use: nodes are cleaned before the object goes. */
  public static final String FINALIZER = GROUP + "/cleanup";

  /** On a Node, with any value but {@code false}: nothing new is admitted on it. */
  public static final String HOLD_ANNOTATION = GROUP + "/hold";

  /**
   * On a ClusterRole, {@code "true"}: it grants the operator the kinds that gates may ask about.
   */
  public static final String GATES_LABEL = GROUP + "/aggregate-to-gates";

  /**
   * On a policy, any nonce: a value that was not there before clears a halt, and what failed is
   * tried again.
   */
  public static final String RETRY_ANNOTATION = GROUP + "/retry";

  /** On a policy, {@code WAVE@REVISION}: the wave is approved, the next one may begin. */
  public static final String APPROVE_ANNOTATION = GROUP + "/approve";

  /** On a policy: {@code status.removalPending.token}, so that the removals may begin. */
  public static final String ACKNOWLEDGE_REMOVAL_ANNOTATION = GROUP + "/acknowledge-removal";

  /**
   * On a Node: the operator cordoned it, for the sake of the policy that is its value. Written and
   * wiped together with the cordon; one that was cordoned by somebody else does not have it.
   */
  public static final String CORDONED_ANNOTATION = GROUP + "/cordoned-for";

  /** On a Node, followed by an image's name: the version of a system extension that is active. */
  public static final String SYSEXT_LABELS = "sysext." + GROUP + "/";

  /** On a Node, followed by an image's name: the version of a confext that is active. */
  public static final String CONFEXT_LABELS = "confext." + GROUP + "/";

  /** What a whole image name matches, RE2 syntax: it becomes a file name on the hosts. */
  public static final String IMAGE_NAME_PATTERN = "[A-Za-z0-9_]([A-Za-z0-9_-]|[.][A-Za-z0-9_-])*";

  /** What a whole sha256 digest matches, RE2 syntax: it becomes a file name on the hosts. */
  public static final String DIGEST_PATTERN = "[a-f0-9]{64}";

  /** What a Secret or ConfigMap may be called (RFC 1123 subdomain). */
  static final String OBJECT_NAME_PATTERN =
      "[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

  private Api() {}
}
