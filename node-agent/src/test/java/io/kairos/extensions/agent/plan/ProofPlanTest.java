package io.kairos.extensions.agent.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Service;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Services and health checks in a plan: trial before commit, and the way back. */
class ProofPlanTest {
  private static final List<Service> SERVICES =
      List.of(new Service("tool.service", ServiceAction.RESTART));
  private static final List<HealthCheck> CHECKS =
      List.of(HealthCheck.builder().name("up").unit("tool.service").timeoutSeconds(10).build());
  private static final Proved.Failed UNHEALTHY =
      new Proved.Failed(true, Reasons.HEALTH_CHECK_FAILED, "health check up: exit code 1: no");
  private static final Profile ACTIVE = Profile.ACTIVE;

  private final ModelHost host = new ModelHost();
  private final ModelAgent agent = new ModelAgent(host);
  private final List<Proving> proofs = new ArrayList<>();

  private static Assignment tool(String version, Activation activation, int soakSeconds) {
    Assignment plain = Wanted.assignment("tool", version, activation, soakSeconds);
    return new Assignment(
        plain.type(),
        plain.name(),
        plain.extension(),
        plain.policy(),
        plain.target().toBuilder().services(SERVICES).healthChecks(CHECKS).build(),
        false);
  }

  private static Assignment live(String version) {
    return tool(version, Activation.LIVE, 0);
  }

  /** All versions prove themselves but these. */
  private void unhealthy(String... versions) {
    agent.proving(
        proving -> {
          proofs.add(proving);
          boolean bad = List.of(versions).contains(proving.assignment().target().version());
          return bad && proving.wanted() ? UNHEALTHY : new Proved.Passed();
        });
  }

  private Optional<String> merged() {
    return host.merged().getOrDefault("tool", Optional.empty());
  }

  private NameView links() {
    return host.view().name("tool");
  }

  private static String digest(String version) {
    return Wanted.digest("tool", version);
  }

  @Nested
  class Live {
    @Test
    void nothingIsCommittedBeforeTheChecksPassed() {
      unhealthy();
      agent.want(live("1"));
      while (merged().isEmpty()) {
        agent.round();
        agent.finishStaging();
      }
      Plan plan = agent.round();

      assertThat(plan.prove())
          .containsExactly(new Proving(live("1"), digest("1"), SERVICES, true, CHECKS));
      assertThat(links().inProfile(ACTIVE)).isEmpty();
      assertThat(ModelAgent.standing(plan, "tool").reason()).isEqualTo(Reasons.CHECKING_HEALTH);

      assertThat(agent.round().prove()).as("one at a time").isEmpty();
      agent.finishProofs();
      agent.settle();

      assertThat(links().inProfile(ACTIVE)).contains(digest("1"));
      assertThat(links().good()).contains(digest("1"));
      assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ACTIVE);
      assertThat(proofs).hasSize(1);
    }

    @Test
    void aVersionThatIsNotHealthyGivesWayToTheOneBeforeAndItsServicesRunAgain() {
      unhealthy("2");
      agent.want(live("1")).settle();
      proofs.clear();
      agent.want(live("2")).settle();

      assertThat(merged()).contains(digest("1"));
      assertThat(links().inProfile(ACTIVE)).contains(digest("1"));
      assertThat(links().run()).contains(new Link.ViaProfile(ACTIVE));
      assertThat(links().root()).contains(new Link.Image(digest("1")));
      assertThat(proofs)
          .containsExactly(
              new Proving(live("2"), digest("2"), SERVICES, true, CHECKS),
              new Proving(live("2"), digest("1"), SERVICES, false, List.of()));
      Standing standing = agent.standing("tool");
      assertThat(standing.phase()).isEqualTo(Phase.ROLLED_BACK);
      assertThat(standing.reason()).isEqualTo(Reasons.HEALTH_CHECK_FAILED);
      assertThat(standing.message()).contains("exit code 1: no");
    }

    @Test
    void servicesThatAVersionBrokeRunAgainWithTheOneBefore() {
      unhealthy();
      agent.want(live("1")).settle();
      proofs.clear();
      agent.proving(
          proving -> {
            proofs.add(proving);
            return proving.wanted()
                ? new Proved.Failed(false, Reasons.SERVICE_FAILED, "tool.service is failed")
                : new Proved.Passed();
          });
      agent.want(live("2")).settle();

      assertThat(merged()).contains(digest("1"));
      assertThat(proofs)
          .containsExactly(
              new Proving(live("2"), digest("2"), SERVICES, true, CHECKS),
              new Proving(live("2"), digest("1"), SERVICES, false, List.of()));
    }

    @Test
    void itIsNotTriedAgainUntilTheTargetChanges() {
      unhealthy("2", "3");
      agent.want(live("1")).settle();
      agent.want(live("2")).settle();
      int steps = agent.done.size();
      for (int i = 0; i < 50; i++) {
        agent.pass(600_000).settle();
      }
      assertThat(agent.done).hasSize(steps);

      agent.want(live("3")).settle();
      assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ROLLED_BACK);
      agent.want(live("4")).settle();
      assertThat(merged()).contains(digest("4"));
      assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void aFirstVersionThatIsNotHealthyLeavesNothing() {
      unhealthy("1");
      agent.want(live("1")).settle();

      assertThat(host.merged()).isEmpty();
      assertThat(links().run()).isEmpty();
      assertThat(links().inProfile(ACTIVE)).isEmpty();
      assertThat(links().root()).isEmpty();
      assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ROLLED_BACK);
      assertThat(agent.done)
          .as("its service is stopped while its files are there")
          .contains(new Action.StopServices("tool", List.of("tool.service")));
    }

    @Test
    void onlyTheUnhealthyOneGoesBack() {
      unhealthy("2");
      agent.want(live("1"), Wanted.live("other", "1")).settle();
      agent.want(live("2"), Wanted.live("other", "2")).settle();

      assertThat(host.merged())
          .isEqualTo(
              Map.of(
                  "tool", Optional.of(digest("1")),
                  "other", Optional.of(Wanted.digest("other", "2"))));
    }

    @Test
    void aPowerCutInTheTrialBootsTheVersionBefore() {
      unhealthy();
      agent.want(live("1")).settle();
      agent.want(live("2"));
      while (!merged().equals(Optional.of(digest("2")))) {
        agent.round();
        agent.finishStaging();
      }
      agent.powerCut();
      assertThat(merged()).contains(digest("1"));
    }
  }

  @Nested
  class Soak {
    @Test
    void theChecksPassOnceMoreAtItsEnd() {
      unhealthy();
      agent.want(tool("1", Activation.LIVE, 60)).settle();
      assertThat(proofs).hasSize(1);
      assertThat(links().good()).isEmpty();
      agent.pass(60_000).settle();
      assertThat(proofs)
          .extracting(Proving::services)
          .as("services are left alone the second time")
          .containsExactly(SERVICES, List.of());
      assertThat(links().good()).contains(digest("1"));
    }

    @Test
    void aVersionThatFallsIllWithinItIsRolledBackThoughItWasCommitted() {
      agent.want(tool("1", Activation.LIVE, 0)).settle();
      agent.want(tool("2", Activation.LIVE, 60)).settle();
      assertThat(links().inProfile(ACTIVE)).contains(digest("2"));
      unhealthy("2");
      agent.pass(60_000).settle();

      assertThat(merged()).contains(digest("1"));
      assertThat(links().inProfile(ACTIVE)).contains(digest("1"));
      assertThat(links().good()).contains(digest("1"));
      assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ROLLED_BACK);
    }
  }

  @Nested
  class Boot {
    @Test
    void theBootProvesWhatItMerged() {
      unhealthy();
      agent.want(tool("1", Activation.NEXT_BOOT, 0)).settle();
      assertThat(proofs).isEmpty();
      agent.powerCut();
      agent.settle();
      assertThat(proofs).hasSize(1);
      assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void aVersionThatTheBootMergedAndThatIsIllGivesWayToTheGoodOne() {
      unhealthy("2");
      agent.want(live("1")).settle();
      agent.want(tool("2", Activation.NEXT_BOOT, 0)).settle();
      agent.powerCut();
      assertThat(merged()).contains(digest("2"));
      agent.settle();

      assertThat(merged()).contains(digest("1"));
      assertThat(links().inProfile(ACTIVE)).contains(digest("1"));
      assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ROLLED_BACK);
    }

    @Test
    void theNodesOwnRuntimeGoesBackWithTheNextBootOnly() {
      unhealthy("2");
      agent.want(tool("1", Activation.NEXT_BOOT, 0)).settle();
      agent.powerCut();
      agent.settle();
      agent.staging(assignment -> new Staged.Ready(true, Optional.of("/usr/bin/k3s")));
      agent.want(tool("2", Activation.NEXT_BOOT, 0)).settle();
      agent.powerCut();
      agent.settle();

      assertThat(merged()).as("not swapped live").contains(digest("2"));
      assertThat(links().inProfile(ACTIVE)).contains(digest("1"));
      agent.powerCut();
      assertThat(merged()).contains(digest("1"));
    }

    @Test
    void theNodesOwnRuntimeThatIsGoodStaysWhateverItIsRefusedFor() {
      agent.want(tool("1", Activation.NEXT_BOOT, 0)).settle();
      agent.powerCut();
      agent.settle();
      Assignment good = tool("1", Activation.NEXT_BOOT, 0);
      Planner.Decision refused =
          Planner.Decision.of(
              good, Phase.INCOMPATIBLE, Reasons.COMMANDS_NOT_ALLOWED, "a check is a command");

      assertThat(
              WayBack.of(host.view(), agent.memory(), good)
                  .rollBackWithNextBoot(digest("1"), refused))
          .isEqualTo(refused);
    }

    @Test
    void theGoodVersionStaysAndIsLookedAtAgain() {
      agent.want(live("1")).settle();
      unhealthy("1");
      agent.powerCut();
      Plan plan = agent.settle();
      assertThat(ModelAgent.standing(plan, "tool").phase()).isEqualTo(Phase.FAILED);
      assertThat(merged()).contains(digest("1"));
      assertThat(plan.wakeAtMillis()).isPresent();

      unhealthy();
      agent.settleForGood();
      assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ACTIVE);
    }
  }

  @Test
  void removalStopsTheServicesFirstAndForgetsTheProof() {
    agent.want(live("1")).settle();
    agent.done.clear();
    agent.remove("tool").settle();

    assertThat(host.merged()).isEmpty();
    assertThat(host.view().proofs()).isEmpty();
    List<Action> steps =
        agent.done.stream()
            .filter(a -> a instanceof Action.StopServices || a instanceof Action.Refresh)
            .toList();
    assertThat(steps).hasSize(2);
    assertThat(agent.done.get(0))
        .as("before anything is unlinked: a service that does not stop keeps its files")
        .isInstanceOf(Action.StopServices.class);
  }

  @Test
  void aServiceThatTheNextVersionNoLongerHasIsLeftToItsProofOnceAndComesBackWithARollback() {
    Service other = new Service("other.service", ServiceAction.RESTART);
    unhealthy("2");
    agent.want(live("1")).settle();
    proofs.clear();
    agent.want(serving(live("2"), other)).settle();

    assertThat(proofs).hasSize(2);
    assertThat(proofs.get(0).left()).containsExactly("tool.service");
    assertThat(proofs.get(1).services()).containsExactly(other, SERVICES.get(0));

    proofs.clear();
    agent.want(serving(live("3"))).settle();
    assertThat(proofs)
        .singleElement()
        .satisfies(
            proof -> assertThat(proof.left()).containsExactly("other.service", "tool.service"));
    assertThat(host.view().proofs().get("tool").services()).isEmpty();
  }

  @Test
  void aRemovalStopsWhatOnlyAVersionBeforeHadToo() {
    Service other = new Service("other.service", ServiceAction.RESTART);
    agent.want(live("1")).settle();
    agent.want(serving(live("1"), other)).settle();
    agent.want(serving(live("2"), other)).round();
    agent.finishStaging();
    while (!merged().equals(Optional.of(digest("2")))) {
      agent.round();
    }
    agent.done.clear();
    agent.remove("tool").settle();
    assertThat(agent.done)
        .contains(new Action.StopServices("tool", List.of("other.service", "tool.service")));
  }

  private static Assignment serving(Assignment assignment, Service... services) {
    return new Assignment(
        assignment.type(),
        assignment.name(),
        assignment.extension(),
        assignment.policy(),
        assignment.target().toBuilder().services(List.of(services)).build(),
        false);
  }

  @Test
  void aRestartedAgentDoesNotTryARolledBackVersionAgain() {
    unhealthy("2");
    agent.want(live("1")).settle();
    agent.want(live("2")).settle();
    Standing standing = agent.standing("tool");
    ExtensionStatus reported =
        ExtensionStatus.builder()
            .name("tool")
            .phase(standing.phase())
            .reason(standing.reason())
            .message(standing.message())
            .revision(live("2").target().revision())
            .build();

    Memory memory = Memory.EMPTY.recalling(List.of(live("2"), live("3")), List.of(reported));

    assertThat(memory.refusal(live("2")))
        .contains(new Refusal(Phase.ROLLED_BACK, standing.reason(), standing.message()));
    assertThat(memory.refusal(live("3"))).isEmpty();
    ExtensionStatus onItsWay = reported.toBuilder().phase(Phase.ROLLING_BACK).build();
    assertThat(Memory.EMPTY.recalling(List.of(live("2")), List.of(onItsWay)).refusals())
        .isEqualTo(Memory.EMPTY.recalling(List.of(live("2")), List.of(reported)).refusals());
  }

  @Test
  void whatIsLeftOfARollbackThatWasCutOffGoesToo() {
    unhealthy("2");
    agent.want(live("1")).settle();
    agent.want(live("2")).settle();
    host.apply(new Action.LinkRoot("tool", digest("2")));
    agent.settle();
    assertThat(links().root()).contains(new Link.Image(digest("1")));
    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ROLLED_BACK);
  }

  @Test
  void changedChecksRunWithoutTouchingServices() {
    unhealthy();
    agent.want(live("1")).settle();
    proofs.clear();
    Assignment before = live("1");
    List<HealthCheck> more =
        List.of(CHECKS.get(0), HealthCheck.builder().name("file").file("/usr/bin/tool").build());
    agent
        .want(
            new Assignment(
                before.type(),
                before.name(),
                before.extension(),
                before.policy(),
                before.target().toBuilder().healthChecks(more).build(),
                false))
        .settle();

    assertThat(proofs).extracting(Proving::services).containsExactly(List.of());
    assertThat(proofs).extracting(Proving::checks).containsExactly(more);
  }
}
