package io.kairos.extensions.agent;

import io.kairos.extensions.agent.fetch.Stager;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.Adoption;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Begins to get an image of a class into the store, by the rules of that moment: one of somebody
 * else that is the wanted one is adopted, any other is fetched, verified and looked into. Used by
 * the agent's loop alone; what it begins has a thread of its own.
 */
final class StageStep {
  private final Stager stager;
  private final Adoption adoption;
  private final ImageRules rules;
  private final Stagings stagings;

  StageStep(Stager stager, Adoption adoption, ImageRules rules, Stagings stagings) {
    this.stager = stager;
    this.adoption = adoption;
    this.rules = rules;
    this.stagings = stagings;
  }

  /**
   * Begins. Only what is to be linked may take a file of somebody else's over.
   *
   * @param wanted what is assigned now; what comes next is not among it
   */
  void begin(Assignment assignment, List<Assignment> wanted, HostView view) {
    boolean linked =
        wanted.contains(assignment) && assignment.target().activation() != Activation.STAGE;
    Set<String> rivals =
        linked ? view.name(assignment.name()).adoptable(assignment.target().profiles()) : Set.of();
    Judgement judgement = rules.begin(assignment.target().signature());
    stagings.start(assignment, () -> stage(assignment, rivals, judgement));
  }

  private Staged stage(Assignment assignment, Set<String> rivals, Judgement judgement)
      throws InterruptedException {
    Optional<Staged.NotStaged> conflict =
        adoption.adopt(assignment.target().image().sha256(), rivals);
    if (conflict.isPresent()) {
      return conflict.get();
    }
    if (judgement.rule() instanceof SignatureRules.Rule.Unverifiable not) {
      return new Staged.NotStaged(not.reason(), not.message());
    }
    var signers = ((SignatureRules.Rule.Signers) judgement.rule()).signers();
    HostFacts facts = judgement.facts().orElseThrow().signedBy(signers);
    return stager.stage(
        assignment.target().image(), assignment.name(), facts, judgement.elsewhere(facts));
  }
}
