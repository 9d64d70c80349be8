package io.kairos.extensions.operator.plan;

/** What became of a health gate when it was asked last. */
public sealed interface GateVerdict {

  /** It holds. */
  record Open() implements GateVerdict {}

  /**
   * It does not hold, or nobody can tell.
   *
   * @param reason CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}
   * @param message what is so, and what a person can do about it
   */
  record Closed(String reason, String message) implements GateVerdict {}

  /**
   * It makes no sense and never will, until a person changes it.
   *
   * @param message what is wrong, and where
   */
  record Invalid(String message) implements GateVerdict {}
}
