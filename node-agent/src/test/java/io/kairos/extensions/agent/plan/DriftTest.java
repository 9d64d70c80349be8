package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.digest;
import static io.kairos.extensions.agent.plan.Wanted.live;
import static io.kairos.extensions.agent.plan.Wanted.nextBoot;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DriftTest {
  private static final String V1 = digest("tool", "1");

  private final ModelHost host = new ModelHost();
  private final ModelAgent agent = new ModelAgent(host);

  private Drift settled() {
    Plan plan = agent.settleForGood();
    return Drift.settled(plan.standings(), host.view());
  }

  private List<String> missing(Drift drift) {
    return List.copyOf(drift.missing(agent.wanted(), host.view()).values());
  }

  @Test
  void whatIsAsItWasIsNoDrift() {
    agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE), nextBoot("other", "1"));
    Drift drift = settled();
    assertThat(drift.held()).hasSize(2);
    assertThat(missing(drift)).isEmpty();
  }

  @Test
  void everyLinkIsNamedInOneMessage() {
    agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE));
    Drift drift = settled();
    host.apply(new Action.UnlinkProfile(Profile.PASSIVE, "tool"));
    assertThat(missing(drift)).containsExactly("tool: its link in passive/ was deleted or changed");
    host.apply(new Action.UnlinkProfile(Profile.ACTIVE, "tool"));
    host.apply(new Action.UnlinkRoot("tool"));
    host.apply(new Action.UnlinkRun("tool"));
    host.apply(new Action.UnsetGood("tool"));
    host.unmerge();
    assertThat(missing(drift))
        .containsExactly(
            "tool: it was unmerged, its link in active/ was deleted or changed,"
                + " its link in good/ was deleted or changed,"
                + " its link in passive/ was deleted or changed,"
                + " its link in the run folder was deleted or changed,"
                + " its link in the store was deleted or changed");
  }

  @Test
  void aLinkThatSomebodyReplacedSaysByWhat() {
    agent.want(live("tool", "1"));
    Drift drift = settled();
    host.apply(new Action.UnlinkRoot("tool"));
    assertThat(host.foreignRoot("tool")).isTrue();
    assertThat(missing(drift))
        .containsExactly(
            "tool: its link in the store was deleted or changed,"
                + " in its place is the file tool.raw");
  }

  @Test
  void anImageThatIsLostOrTouchedIsNamedByItsDigest() {
    agent.want(live("tool", "1"));
    Drift drift = settled();
    host.loseImage(V1);
    assertThat(missing(drift)).containsExactly("tool: its image " + V1 + " was deleted or changed");
  }

  @Test
  void whatIsLinkedForTheNextBootIsMissedToo() {
    agent.want(nextBoot("tool", "1"));
    Drift drift = settled();
    assertThat(agent.phase("tool")).isEqualTo(Phase.PENDING_REBOOT);
    host.apply(new Action.UnlinkProfile(Profile.ACTIVE, "tool"));
    assertThat(missing(drift)).hasSize(1);
  }

  @Test
  void whatIsNoLongerWantedIsNotMissed() {
    agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE));
    Drift drift = settled();
    host.apply(new Action.UnlinkProfile(Profile.PASSIVE, "tool"));
    agent.want(live("tool", "1"));
    assertThat(missing(drift)).as("a profile").isEmpty();
    host.unmerge();
    agent.want(live("tool", "2"));
    assertThat(missing(drift)).as("a version").isEmpty();
    agent.want(live("tool", "1")).remove("tool");
    assertThat(missing(drift)).as("a removal").isEmpty();
    agent.forget("tool");
    assertThat(missing(drift)).as("an assignment").isEmpty();
  }

  @Test
  void whatDoesNotStandAsWantedIsNotHeld() {
    host.bad(V1);
    agent.want(live("tool", "1")).settle();
    assertThat(Drift.settled(agent.plan().standings(), host.view()).held()).isEmpty();
  }

  /** What the agent holds when it has nothing to do is there until somebody else acts. */
  @Test
  void theAgentsOwnWorkIsNeverDrift() {
    Random random = new Random(42);
    Drift drift = Drift.NONE;
    for (int i = 0; i < 3_000; i++) {
      switch (random.nextInt(6)) {
        case 0 -> agent.want(live("tool", "" + random.nextInt(3), Profile.ACTIVE));
        case 1 -> agent.want(live("tool", "" + random.nextInt(3), Profile.COMMON));
        case 2 -> agent.want(nextBoot("other", "" + random.nextInt(3)));
        case 3 -> agent.remove(random.nextBoolean() ? "tool" : "other");
        case 4 -> agent.pass(random.nextInt(10_000));
        default -> host.bad(digest("other", "" + random.nextInt(2)));
      }
      for (int round = random.nextInt(8); round > 0; round--) {
        Plan plan = agent.plan();
        assertThat(missing(drift)).as("step %d", i).isEmpty();
        plan.actions().forEach(agent::act);
        agent.finishStaging();
        drift =
            plan.actions().isEmpty() ? Drift.settled(plan.standings(), host.view()) : Drift.NONE;
      }
    }
  }

  private NodeExtensionStateStatus report(String bootId, Assignment assignment) {
    return NodeExtensionStateStatus.EMPTY.toBuilder()
        .host(HostStatus.UNKNOWN.toBuilder().bootId(bootId).build())
        .extensions(
            List.of(
                ExtensionStatus.builder()
                    .name("tool")
                    .phase(Phase.ACTIVE)
                    .sha256(V1)
                    .revision(assignment.target().revision())
                    .profiles(List.of(Profile.ACTIVE))
                    .merged(true)
                    .build()))
        .build();
  }

  @Test
  void aNewProcessMissesWhatWasReportedInThisBoot() {
    Assignment tool = live("tool", "1");
    agent.want(tool);
    NodeExtensionStateStatus last = report("boot-1", tool);
    assertThat(missing(Drift.reported(agent.wanted(), last, "boot-1")))
        .containsExactly(
            "tool: it was unmerged, its image "
                + V1
                + " was deleted or changed, its link in active/ was deleted or changed");
    agent.settleForGood();
    assertThat(missing(Drift.reported(agent.wanted(), last, "boot-1"))).isEmpty();
  }

  @Test
  void aNewProcessMissesNothingOfAnotherBootOrRevision() {
    Assignment tool = live("tool", "1");
    agent.want(tool);
    assertThat(Drift.reported(agent.wanted(), report("boot-1", tool), "boot-2").held()).isEmpty();
    assertThat(Drift.reported(agent.wanted(), report("boot-1", live("tool", "2")), "boot-1").held())
        .isEmpty();
  }
}
