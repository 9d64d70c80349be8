package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.Comparator;

/**
 * Something in a policy that only a person can put right.
 *
 * @param kind what it is
 * @param message what is wrong and where, for a person
 */
public record Problem(Kind kind, String message) implements Comparable<Problem> {
  private static final Comparator<Problem> ORDER =
      Comparator.comparing(Problem::kind).thenComparing(Problem::message);

  @Override
  public int compareTo(Problem other) {
    return ORDER.compare(this, other);
  }

  /** The kinds, the gravest first. */
  public enum Kind {
    /** A pattern or selector that cannot be read; nothing of the policy is taken away for it. */
    INVALID_SPEC(Reasons.INVALID_SPEC),
    /** The API server refuses what has to be written before anything is given. */
    REFUSED(Reasons.WRITE_REFUSED),
    /** A revision that is to be given is not kept. */
    UNKNOWN_REVISION(Reasons.UNKNOWN_REVISION),
    /** More than a revision can keep. */
    TOO_LARGE(Reasons.REVISION_TOO_LARGE),
    /** Another policy of equal priority, or another extension of this one, wants the same name. */
    CONFLICT(Reasons.POLICY_CONFLICT),
    /** An edit would remove from many nodes, and waits for a person's word. */
    REMOVAL_PENDING(Reasons.REMOVAL_PENDING),
    /** Extensions that exclude one another are wanted on one node. */
    EXCLUSION(Reasons.EXTENSIONS_CONFLICT),
    /** An extension that another one requires does not come to a node. */
    REQUIREMENT(Reasons.REQUIRED_EXTENSION_MISSING),
    /** More than a node can carry. */
    TOO_MANY_EXTENSIONS(Reasons.TOO_MANY_EXTENSIONS),
    /** A SystemExtension that is named and not there. */
    EXTENSION_NOT_FOUND(Reasons.EXTENSION_NOT_FOUND),
    /** No image for the architecture of some nodes. */
    NO_IMAGE(Reasons.NO_IMAGE_FOR_ARCHITECTURE);

    private final String reason;

    Kind(String reason) {
      this.reason = reason;
    }

    /** The reason as conditions show it. */
    public String reason() {
      return reason;
    }
  }
}
