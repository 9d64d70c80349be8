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

  /** What a whole image name matches, RE2 syntax: it becomes a file name on the hosts. */
  public static final String IMAGE_NAME_PATTERN = "[A-Za-z0-9_]([A-Za-z0-9_-]|[.][A-Za-z0-9_-])*";

  /** What a whole sha256 digest matches, RE2 syntax: it becomes a file name on the hosts. */
  public static final String DIGEST_PATTERN = "[a-f0-9]{64}";

  /** What a Secret or ConfigMap may be called (RFC 1123 subdomain). */
  static final String OBJECT_NAME_PATTERN =
      "[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

  private Api() {}
}
