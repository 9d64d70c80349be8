package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.Target;

/**
 * What a failure or refusal speaks of: another target, or another attempt at the same, makes it
 * void.
 *
 * @param key the extension
 * @param target what was tried
 * @param attempt the nonce of the retry that it was tried for
 */
public record Tried(ExtensionKey key, Target target, String attempt) {
  /** The target of an assignment. */
  static Tried of(Assignment assignment) {
    return new Tried(assignment.key(), assignment.target(), assignment.attempt());
  }
}
