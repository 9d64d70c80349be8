package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.WaveStatus;
import io.kairos.extensions.api.v1alpha1.OnFailure;
import io.kairos.extensions.api.v1alpha1.Wave;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import java.util.List;

/**
 * What a policy's status remembers of its rollout, and how it moves.
 *
 * <p><b>Latches.</b> A revision whose budget was exceeded is halted, and stays so whatever becomes
 * of its nodes or of its budget. Only two things clear that: the spec asks for another revision, or
 * for another attempt by a nonce that was not the last one. The memory is part of the policy's
 * status, whose every write fails if the policy is no longer as it was read; so a leader that has
 * not seen a halt cannot admit past it, and one that wakes up late can neither.
 *
 * <p><b>Rollback.</b> A halted policy that is to roll back gives another revision than it is asked
 * for: the last one that got through, or none. That is a rollout of its own, without waves.
 *
 * @param rollout what is remembered
 * @param attempt the attempt that failures count for: the last nonce that was acted on
 */
record RolloutMemory(RolloutStatus rollout, String attempt) {
  /** What a policy's status says. */
  static RolloutMemory of(Policy policy) {
    return new RolloutMemory(policy.status().rollout(), policy.status().observedRetry());
  }

  /**
   * A person asks for another attempt.
   *
   * @param wanted by its nonce, empty for none
   */
  RolloutMemory retried(String wanted) {
    if (wanted.isEmpty() || wanted.equals(attempt)) {
      return this;
    }
    List<WaveStatus> waves = rollout.waves().stream().map(RolloutMemory::retried).toList();
    return new RolloutMemory(
        rollout.toBuilder().halted("").rollbackTo("").failed(0).waves(waves).build(), wanted);
  }

  /** Named waves that are complete stay so; the last one has to get through anew. */
  private static WaveStatus retried(WaveStatus wave) {
    WaveStatus cleared = wave.toBuilder().failed(0).failedNodes(List.of()).build();
    return wave.name().equals(Wave.REST) ? cleared.toBuilder().completionTime("").build() : cleared;
  }

  /** The spec asks for a revision: a halt of another one is over. */
  RolloutMemory asked(String revision) {
    return rollout.halted().isEmpty() || rollout.halted().equals(revision)
        ? this
        : with(rollout.toBuilder().halted("").rollbackTo("").build());
  }

  /** The revision that the policy gives when it is asked for one. */
  String given(String asked) {
    return rollout.rollbackTo().isEmpty() ? asked : rollout.rollbackTo();
  }

  /** A revision is given: what was remembered of another one is forgotten. */
  RolloutMemory giving(String revision) {
    return rollout.revision().equals(revision)
        ? this
        : with(rollout.toBuilder().revision(revision).failed(0).waves(List.of()).build());
  }

  /**
   * The budget of the revision that is given is exceeded.
   *
   * @param previous the revision to return to, if it comes to that
   */
  RolloutMemory exceeded(OnFailure consequence, String previous) {
    if (isRollingBack() || consequence == OnFailure.CONTINUE) {
      return this;
    }
    return with(
        rollout.toBuilder()
            .halted(rollout.revision())
            .rollbackTo(consequence == OnFailure.ROLLBACK ? previous : "")
            .build());
  }

  /** Whether the policy gives another revision than it is asked for. */
  boolean isRollingBack() {
    return !rollout.rollbackTo().isEmpty();
  }

  /** Whether the revision that is given is halted. */
  boolean isHalted() {
    return !rollout.halted().isEmpty() && !isRollingBack();
  }

  /** With other things to remember. */
  RolloutMemory with(RolloutStatus other) {
    return new RolloutMemory(other, attempt);
  }
}
