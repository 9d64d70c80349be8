package io.kairos.extensions.agent.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Service;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Random histories of an agent on a model host: assignments come, change and go, images are bad or
 * ill, somebody else's files come and go, the agent dies between any two actions, the power goes at
 * any time. {@link ModelHost} objects to every single step that must never be; here is what has to
 * hold of a whole history.
 *
 * <p>A history is its seed: a failure names it, {@code -Dsimulation.seed=N} runs that one alone,
 * and {@code -Dsimulation.histories=N} more of them.
 */
class ConvergenceSimulationTest {
  private static final int HISTORIES = Integer.getInteger("simulation.histories", 1_500);
  private static final int EVENTS = 60;
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final List<String> NAMES = List.of("alpha", "beta", "gamma", "delta");
  private static final List<Profile> PROFILES = List.of(Profile.values());
  private static final List<String> GOOD = List.of("1", "2", "3");
  private static final String BAD = "bad";
  private static final String UNFIT = "unfit";

  /** Merges, and does not work. */
  private static final String ILL = "ill";

  private static final List<Service> SERVICES =
      List.of(new Service("it.service", ServiceAction.RESTART));
  private static final List<HealthCheck> CHECKS =
      List.of(HealthCheck.builder().name("up").unit("it.service").build());
  private static final String RUNTIME = "runtime";

  /** Fits every second system of the host, and no other. */
  private static final String NARROW = "narrow";

  @Test
  void everyHistoryEndsConvergedAndHarmsNothingOnTheWay() {
    Long only = Long.getLong("simulation.seed");
    long first = only == null ? 1 : only;
    long last = only == null ? HISTORIES : only;
    System.out.printf("histories of the seeds %d to %d%n", first, last);
    for (long seed = first; seed <= last; seed++) {
      History history = new History(seed);
      try {
        history.play();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed %d: %s%n  %s".formatted(seed, e, history.trace()), e);
      }
    }
  }

  /** One history. */
  private static final class History {
    private final Random random;
    private final ModelHost host = new ModelHost();
    private final ModelAgent agent = new ModelAgent(host);
    private final List<Object> trace = new ArrayList<>();
    private boolean faults = true;

    History(long seed) {
      random = new Random(seed);
      NAMES.forEach(name -> host.bad(Wanted.digest(name, BAD)));
      Set<String> narrow =
          NAMES.stream().map(name -> Wanted.digest(name, NARROW)).collect(Collectors.toSet());
      host.fits((image, system) -> !narrow.contains(image) || system % 2 != 0);
      agent.staging(this::stage).proving(this::prove);
    }

    void play() {
      for (int i = 0; i < EVENTS; i++) {
        event();
      }
      faults = false;
      host.refusing(false);
      note("faults stop");
      goodOnesWorkBesideBadOnes();
      afterABootTheyStillDo();
      everythingConvergesOnceNothingIsBad();
      nothingIsLeftOfWhatIsRemoved();
    }

    private void note(String what) {
      trace.add(what);
    }

    String trace() {
      String lines = trace.stream().map(Object::toString).collect(Collectors.joining("\n  "));
      return DIGEST
          .matcher(lines)
          .replaceAll(
              digest ->
                  new String(HexFormat.of().parseHex(digest.group()), StandardCharsets.UTF_8)
                      .replace("\0", ""));
    }

    private Staged stage(Assignment assignment) {
      if (faults && random.nextInt(6) == 0) {
        return new Staged.NotStaged(Reasons.DOWNLOAD_REFUSED, "HTTP 503");
      }
      return switch (assignment.target().version()) {
        case UNFIT -> new Staged.Unfit("OsMismatch", "made for another system");
        case RUNTIME -> new Staged.Ready(true, Optional.of("/usr/bin/k3s"));
        case NARROW -> narrow();
        default -> new Staged.Ready(true, Optional.empty());
      };
    }

    private Staged narrow() {
      Staged.Unfit unfit = new Staged.Unfit("OsMismatch", "for another system");
      if (host.runs() % 2 == 0) {
        return unfit;
      }
      return new Staged.Ready(
          true,
          Optional.empty(),
          Set.of("/usr"),
          host.view().others().entrySet().stream()
              .filter(
                  other ->
                      Integer.parseInt(other.getValue().osRelease().get("VERSION_ID")) % 2 == 0)
              .collect(Collectors.toMap(Map.Entry::getKey, other -> unfit)));
    }

    private Proved prove(Proving proving) {
      if (faults && random.nextInt(6) == 0) {
        return new Proved.Unanswered("the bus did not answer");
      }
      return proving.wanted() && proving.assignment().target().version().equals(ILL)
          ? new Proved.Failed(true, Reasons.HEALTH_CHECK_FAILED, "exit code 1")
          : new Proved.Passed();
    }

    private void event() {
      switch (random.nextInt(21)) {
        case 0, 1, 2 -> assign();
        case 3 -> {
          String name = name();
          note("tombstone " + name);
          agent.remove(name);
        }
        case 4 -> foreign();
        case 5 -> {
          note("foreign files go");
          host.removeForeign();
        }
        case 6 -> {
          note("agent dies");
          agent.crash();
        }
        case 7 -> {
          Optional<Profile> profile = profile();
          note("power cut, boots " + profile);
          agent.crash();
          host.boot(profile);
        }
        case 8 -> {
          boolean refusing = random.nextInt(3) == 0;
          note("host refuses: " + refusing);
          host.refusing(refusing);
        }
        case 9 -> agent.pass(random.nextInt(100_000));
        case 10 -> {
          if (random.nextInt(4) == 0) {
            lose();
          }
        }
        case 11 -> forget();
        case 12 -> {
          note("power cut, boots an upgrade");
          agent.crash();
          host.upgrade();
        }
        default -> round(random.nextInt(4) == 0);
      }
    }

    /** Its assignment goes without a tombstone; a bad image in a profile would be left there. */
    private void forget() {
      String name = name();
      String bad = Wanted.digest(name, BAD);
      boolean linked =
          Arrays.stream(Profile.values())
              .anyMatch(
                  profile -> host.view().name(name).inProfile(profile).equals(Optional.of(bad)));
      if (!linked) {
        note("forget " + name);
        agent.forget(name);
      }
    }

    private void lose() {
      List<String> images = List.copyOf(new TreeSet<>(host.view().images()));
      if (!images.isEmpty()) {
        String image = images.get(random.nextInt(images.size()));
        note("image lost: " + image);
        host.loseImage(image);
      }
    }

    private void assign() {
      String version =
          switch (random.nextInt(8)) {
            case 0, 1 -> BAD;
            case 2 -> List.of(UNFIT, RUNTIME, NARROW).get(random.nextInt(3));
            case 3 -> ILL;
            default -> GOOD.get(random.nextInt(GOOD.size()));
          };
      Assignment assignment = assignment(name(), version);
      note(
          "want %s %s %s %s"
              .formatted(
                  assignment.name(),
                  version,
                  assignment.target().activation(),
                  assignment.target().profiles()));
      agent.want(assignment);
    }

    private Assignment assignment(String name, String version) {
      Profile[] profiles =
          switch (random.nextInt(7)) {
            case 0 -> new Profile[] {Profile.COMMON};
            case 1 -> new Profile[] {Profile.PASSIVE};
            case 2 -> new Profile[] {Profile.ACTIVE, Profile.PASSIVE};
            case 3 -> new Profile[] {Profile.ACTIVE, Profile.PASSIVE, Profile.RECOVERY};
            default -> new Profile[] {Profile.ACTIVE};
          };
      Assignment plain =
          Wanted.assignment(
              name,
              version,
              random.nextBoolean() ? Activation.LIVE : Activation.NEXT_BOOT,
              random.nextInt(3) * 20,
              profiles);
      return version.equals(ILL) || random.nextBoolean() ? provable(plain) : plain;
    }

    private static Assignment provable(Assignment plain) {
      return new Assignment(
          plain.type(),
          plain.name(),
          plain.extension(),
          plain.policy(),
          plain.target().toBuilder().services(SERVICES).healthChecks(CHECKS).build(),
          false);
    }

    private void foreign() {
      String name = name();
      boolean put =
          switch (random.nextInt(3)) {
            case 0 -> host.foreignRoot(name);
            case 1 -> host.foreignRun(name);
            default -> host.foreignProfile(PROFILES.get(random.nextInt(PROFILES.size())), name);
          };
      if (put) {
        note("somebody else's " + name + ": " + host.foreign());
      }
    }

    private String name() {
      return NAMES.get(random.nextInt(NAMES.size()));
    }

    private Optional<Profile> profile() {
      return switch (random.nextInt(8)) {
        case 0 -> Optional.of(Profile.PASSIVE);
        case 1 -> Optional.of(Profile.RECOVERY);
        case 2 -> Optional.empty();
        default -> Optional.of(Profile.ACTIVE);
      };
    }

    /** One round that may end between any two actions. */
    private void round(boolean dies) {
      if (random.nextBoolean()) {
        agent.finishStaging();
      }
      if (random.nextBoolean()) {
        agent.finishProofs();
      }
      List<Action> actions = agent.plan().actions();
      int survived = dies ? random.nextInt(actions.size() + 1) : actions.size();
      for (Action action : actions.subList(0, survived)) {
        act(action);
      }
      if (dies) {
        note("agent dies");
        agent.crash();
      }
    }

    private void act(Action action) {
      Map<String, Optional<String>> before = host.merged();
      Set<String> foreign = host.foreign();
      trace.add(action);
      checkSystems(action);
      Set<String> failing = failing();
      agent.act(action);
      assertThat(host.foreign()).as("somebody else's entries").isEqualTo(foreign);
      if (action instanceof Action.Refresh) {
        checkNothingElseWentAway(before, failing);
      }
    }

    /** An entry gets what fits its system, and loses nothing for what fails on another. */
    private void checkSystems(Action action) {
      Map<Profile, BootedSystem> others = host.view().others();
      if (action instanceof Action.LinkProfile link) {
        boolean isOther = others.containsKey(link.profile());
        String system =
            isOther
                ? others.get(link.profile()).osRelease().get("VERSION_ID")
                : String.valueOf(host.runs());
        boolean narrow = link.sha256().equals(Wanted.digest(link.name(), NARROW));
        assertThat(narrow && Integer.parseInt(system) % 2 == 0)
            .as("%s, %s", link, system)
            .isFalse();
        if (isOther) {
          assertThat(wanted(link.name()).target().image().sha256()).isEqualTo(link.sha256());
        }
      }
      if (action instanceof Action.UnlinkProfile unlink && others.containsKey(unlink.profile())) {
        Assignment assignment = wanted(unlink.name());
        assertThat(
                assignment.remove() || !assignment.target().profiles().contains(unlink.profile()))
            .as("%s", unlink)
            .isTrue();
      }
    }

    private Assignment wanted(String name) {
      return agent.wanted().stream().filter(a -> a.name().equals(name)).findFirst().orElseThrow();
    }

    /** A NextBoot version that a boot did not merge has its trial by refresh. */
    private Set<String> failing() {
      Set<String> failing = new TreeSet<>();
      agent.memory().alone().forEach(use -> failing.add(use.name()));
      agent.memory().failures().keySet().forEach(tried -> failing.add(tried.key().name()));
      return failing;
    }

    /** A refresh takes away what is removed or replaced, and nothing else. */
    private void checkNothingElseWentAway(
        Map<String, Optional<String>> before, Set<String> failing) {
      Map<String, Optional<String>> after = host.merged();
      for (Assignment assignment : agent.wanted()) {
        String wanted = assignment.target().image().sha256();
        Optional<String> was = before.getOrDefault(assignment.name(), Optional.empty());
        if (was.isEmpty() || assignment.remove() || isForeign(assignment)) {
          continue;
        }
        Optional<String> is = after.getOrDefault(assignment.name(), Optional.empty());
        boolean lost = !host.view().images().contains(was.orElseThrow());
        boolean replaced =
            (assignment.target().activation() == Activation.LIVE
                    || failing.contains(assignment.name()))
                && is.filter(wanted::equals).isPresent();
        boolean ill = assignment.target().version().equals(ILL) && was.equals(Optional.of(wanted));
        if (!lost && !replaced && !ill && !is.equals(was)) {
          throw new AssertionError(
              "%s was merged as %s, now it is %s".formatted(assignment, was, is));
        }
      }
    }

    private Plan settle() {
      for (int i = 0; i < 120; i++) {
        agent.finishStaging();
        agent.finishProofs();
        Plan plan = agent.plan();
        plan.actions().forEach(this::act);
        if (plan.actions().isEmpty()
            && agent.memory().staging().isEmpty()
            && agent.memory().proving().isEmpty()) {
          if (plan.wakeAtMillis().isEmpty() || i > 60) {
            return plan;
          }
          agent.passUntil(plan.wakeAtMillis().getAsLong());
        }
      }
      throw new AssertionError("still at work after 120 rounds");
    }

    /** What is bad is tried again and again for ever; all else is as wanted. */
    private void goodOnesWorkBesideBadOnes() {
      checkGoodOnes(settle());
    }

    private void afterABootTheyStillDo() {
      Set<String> occupied = new TreeSet<>();
      agent.wanted().stream().filter(this::isForeign).forEach(a -> occupied.add(a.name()));
      note("power cut, boots active");
      agent.powerCut();
      Plan plan = settle();
      checkGoodOnes(plan);
      for (Assignment assignment : agent.wanted()) {
        if (isGood(assignment) && !occupied.contains(assignment.name())) {
          check(
              ModelAgent.standing(plan, assignment.name()),
              Phase.ACTIVE,
              Phase.REMOVED,
              orRefused(assignment));
        }
      }
    }

    private void checkGoodOnes(Plan plan) {
      for (Assignment assignment : agent.wanted()) {
        Standing standing = ModelAgent.standing(plan, assignment.name());
        String name = assignment.name();
        boolean active =
            assignment
                    .target()
                    .profiles()
                    .contains(host.view().bootProfile().orElse(Profile.COMMON))
                || assignment.target().profiles().contains(Profile.COMMON);
        if (assignment.remove()) {
          check(standing, Phase.REMOVED, isForeign(assignment) ? Phase.REMOVING : Phase.REMOVED);
        } else if (isForeign(assignment)) {
          assertThat(standing.reason()).as(name).isEqualTo(Reasons.FOREIGN_FILE);
        } else if (isGood(assignment) && active) {
          check(standing, Phase.ACTIVE, Phase.PENDING_REBOOT, orRefused(assignment));
        } else if (isGood(assignment)) {
          check(standing, Phase.ACTIVE);
        }
      }
    }

    /** The node's own runtime is not swapped live, not even after a boot that went wrong. */
    private static Phase orRefused(Assignment assignment) {
      return assignment.target().version().equals(RUNTIME) ? Phase.INCOMPATIBLE : Phase.ACTIVE;
    }

    private static void check(Standing standing, Phase... phases) {
      if (!List.of(phases).contains(standing.phase())) {
        throw new AssertionError(standing + " is none of " + List.of(phases));
      }
    }

    private boolean isForeign(Assignment assignment) {
      return host.view().name(assignment.name()).foreign().isPresent();
    }

    private static boolean isGood(Assignment assignment) {
      String version = assignment.target().version();
      return GOOD.contains(version)
          || (version.equals(RUNTIME) && assignment.target().activation() == Activation.NEXT_BOOT);
    }

    private void everythingConvergesOnceNothingIsBad() {
      note("somebody else's files go, bad versions are replaced");
      host.removeForeign();
      for (Assignment assignment : agent.wanted()) {
        boolean refused = agent.phase(assignment.name()) == Phase.INCOMPATIBLE;
        if ((refused || !isGood(assignment)) && !assignment.remove()) {
          agent.want(assignment(assignment.name(), "3"));
        }
      }
      settle();
      note("power cut, boots active");
      agent.powerCut();
      settle();
      Plan plan = agent.plan();
      assertThat(plan.actions()).isEmpty();
      assertThat(plan.stage()).isEmpty();
      assertThat(plan.wakeAtMillis()).isEmpty();
      for (Assignment assignment : agent.wanted()) {
        checkInEffect(assignment, ModelAgent.standing(plan, assignment.name()));
      }
    }

    private void checkInEffect(Assignment assignment, Standing standing) {
      if (assignment.remove()) {
        assertThat(standing.phase()).isEqualTo(Phase.REMOVED);
        return;
      }
      String sha256 = assignment.target().image().sha256();
      NameView links = host.view().name(assignment.name());
      assertThat(standing.phase()).as("%s", standing).isEqualTo(Phase.ACTIVE);
      for (Profile profile : Profile.values()) {
        assertThat(links.inProfile(profile))
            .as("%s in %s", assignment.name(), profile)
            .isEqualTo(
                assignment.target().profiles().contains(profile)
                    ? Optional.of(sha256)
                    : Optional.empty());
      }
      assertThat(links.root()).contains(new Link.Image(sha256));
      boolean booted =
          assignment.target().profiles().contains(Profile.ACTIVE)
              || assignment.target().profiles().contains(Profile.COMMON);
      if (booted) {
        assertThat(links.good()).contains(sha256);
        assertThat(host.view().isMerged(assignment.name(), sha256)).isTrue();
      }
    }

    private void nothingIsLeftOfWhatIsRemoved() {
      note("everything is removed");
      NAMES.forEach(name -> agent.want(assignment(name, "3")).remove(name));
      settle();
      HostView view = host.view();
      assertThat(view.names()).isEmpty();
      assertThat(view.merged()).isEmpty();
      assertThat(view.images()).isEmpty();
      assertThat(view.strays()).isEmpty();
    }
  }
}
