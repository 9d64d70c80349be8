package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Link;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Standing;
import io.kairos.extensions.agent.report.Evidence;
import io.kairos.extensions.agent.report.StatusReport;
import io.kairos.extensions.agent.report.StatusWriter;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * One node's agent, played. In a turn it reports where everything stands; while something is not
 * through it takes a step, and another turn follows after a while.
 */
final class SimulatedAgent implements AutoCloseable {
  private static final Duration STATUS_PAUSE = Duration.ofMillis(1);
  private static final int FREE_BYTES = 1 << 30;

  private final Random random;
  private final SimulatedNodes.Pace pace;
  private final Timer timer;
  private final StatusWriter writer;

  private Optional<NodeExtensionState> desired = Optional.empty();
  private final Map<String, Image> images = new HashMap<>();
  private String bootId = UUID.randomUUID().toString();
  private NodeExtensionStateStatus reported = NodeExtensionStateStatus.EMPTY;
  private String reportedUid = "";
  private boolean waiting;
  private boolean frozen;
  private boolean closed;

  /** Runs turns later. */
  interface Timer {
    void schedule(Runnable turn, Duration delay);
  }

  /**
   * An extension on the host.
   *
   * @param wanted the digest that the phase speaks of
   * @param phase where it stands
   * @param linked the digest that profile links lead to, empty for none
   * @param profiles the profiles that link it
   * @param merged the digest that is merged, empty for none
   */
  private record Image(
      String wanted, Phase phase, String linked, List<Profile> profiles, String merged) {
    static final Image NONE = new Image("", Phase.PENDING, "", List.of(), "");

    Image at(Phase next) {
      return new Image(wanted, next, linked, profiles, merged);
    }

    Image merge(String sha256) {
      return new Image(wanted, phase, linked, profiles, sha256);
    }

    Image link(String sha256, List<Profile> to) {
      return new Image(wanted, phase, sha256, to, merged);
    }
  }

  SimulatedAgent(
      KubernetesClient client, String node, Random random, SimulatedNodes.Pace pace, Timer timer) {
    this.random = random;
    this.pace = pace;
    this.timer = timer;
    this.writer = new StatusWriter(client, node, STATUS_PAUSE);
  }

  synchronized void desire(Optional<NodeExtensionState> state) {
    boolean same = state.map(SimulatedAgent::version).equals(desired.map(SimulatedAgent::version));
    desired = state;
    if (!same) {
      turnLater();
    }
  }

  private static String version(NodeExtensionState state) {
    return state.getMetadata().getUid() + "/" + state.getMetadata().getGeneration();
  }

  synchronized void freeze(boolean value) {
    frozen = value;
    if (!frozen) {
      turnLater();
    }
  }

  synchronized void reboot() {
    bootId = UUID.randomUUID().toString();
    images.replaceAll((name, image) -> image.merge(image.linked()));
    turnLater();
  }

  private void turnLater() {
    if (!waiting && !closed) {
      waiting = true;
      timer.schedule(this::turn, pace.next(random));
    }
  }

  private synchronized void turn() {
    waiting = false;
    if (closed || frozen || desired.isEmpty()) {
      return;
    }
    NodeExtensionState state = desired.get();
    List<Assignment> assignments = state.getSpec().assignments();
    List<Standing> standings = new ArrayList<>();
    boolean settled = true;
    for (Assignment assignment : assignments) {
      Image image = step(assignment, images.getOrDefault(assignment.name(), Image.NONE));
      images.put(assignment.name(), image);
      settled &= isSettled(image.phase());
      standings.add(new Standing(assignment, image.phase(), reason(image.phase()), "", 0));
    }
    forget(assignments);
    report(state, standings);
    if (!settled) {
      turnLater();
    }
  }

  /** One step further; nothing for what is as it shall be. */
  private static Image step(Assignment assignment, Image image) {
    String sha256 = assignment.target().image().sha256();
    if (assignment.remove()) {
      return switch (image.phase()) {
        case REMOVED -> image;
        case REMOVING -> Image.NONE.at(Phase.REMOVED);
        default -> image.at(Phase.REMOVING);
      };
    }
    boolean live = assignment.target().activation() == Activation.LIVE;
    if (!image.wanted().equals(sha256) || image.phase() == Phase.REMOVED) {
      return new Image(sha256, Phase.PENDING, image.linked(), image.profiles(), image.merged());
    }
    Image linked = image.link(sha256, assignment.target().profiles());
    return switch (image.phase()) {
      case PENDING -> image.at(Phase.FETCHING);
      case FETCHING -> image.at(Phase.STAGED);
      case STAGED -> live ? image.at(Phase.ACTIVATING) : linked.at(Phase.PENDING_REBOOT);
      case ACTIVATING -> image.merge(sha256).at(Phase.VERIFYING);
      case VERIFYING -> linked.at(Phase.ACTIVE);
      case PENDING_REBOOT ->
          image.merged().equals(sha256)
              ? image.at(Phase.VERIFYING)
              : live ? image.at(Phase.ACTIVATING) : image;
      case ACTIVE -> linked;
      default -> image.at(Phase.PENDING);
    };
  }

  private static boolean isSettled(Phase phase) {
    return phase == Phase.ACTIVE || phase == Phase.PENDING_REBOOT || phase == Phase.REMOVED;
  }

  private static String reason(Phase phase) {
    return switch (phase) {
      case ACTIVE -> Reasons.MERGED;
      case PENDING_REBOOT -> Reasons.LINKED_FOR_NEXT_BOOT;
      case VERIFYING -> Reasons.SOAKING;
      case REMOVED -> Reasons.REMOVED;
      default -> Reasons.IN_PROGRESS;
    };
  }

  /** What is gone from the host and assigned no more. The rest is reported as released. */
  private void forget(List<Assignment> assignments) {
    Set<String> assigned = assignments.stream().map(Assignment::name).collect(Collectors.toSet());
    Set<String> gone = new HashSet<>(images.keySet());
    gone.removeAll(assigned);
    gone.removeIf(name -> !(images.get(name).linked() + images.get(name).merged()).isEmpty());
    images.keySet().removeAll(gone);
  }

  private void report(NodeExtensionState state, List<Standing> standings) {
    String uid = state.getMetadata().getUid();
    NodeExtensionStateStatus previous = reportedUid.equals(uid) ? reported : state.getStatus();
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    reported =
        StatusReport.of(
            new Evidence(state.getMetadata().getGeneration(), standings, view(), host(), List.of()),
            previous,
            now);
    reportedUid = uid;
    writer.report(uid, reported);
  }

  private HostView view() {
    Map<String, NameView> names = new HashMap<>();
    Map<String, Optional<String>> merged = new HashMap<>();
    Set<String> stored = new HashSet<>();
    images.forEach(
        (name, image) -> {
          if (!image.linked().isEmpty()) {
            Link link = new Link.Image(image.linked());
            names.put(
                name,
                new NameView(
                    Optional.of(link),
                    image.profiles().stream().collect(Collectors.toMap(p -> p, p -> link)),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty()));
            stored.add(image.linked());
          }
          if (!image.merged().isEmpty()) {
            merged.put(name, Optional.of(image.merged()));
            stored.add(image.merged());
          }
        });
    return new HostView(Optional.of(Profile.ACTIVE), names, merged, stored, Set.of(), List.of());
  }

  private HostStatus host() {
    return HostStatus.builder()
        .bootProfile(Profile.ACTIVE.text())
        .bootId(bootId)
        .architecture("x86-64")
        .osRelease(new HostStatus.OsRelease("simulated", "1", ""))
        .systemd("257")
        .kernel("6.12")
        .storeFreeBytes(FREE_BYTES)
        .build();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    writer.close();
  }
}
