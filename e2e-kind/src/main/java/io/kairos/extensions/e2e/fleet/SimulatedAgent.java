package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.agent.plan.Grants;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Link;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Setbacks;
import io.kairos.extensions.agent.plan.Standing;
import io.kairos.extensions.agent.report.Evidence;
import io.kairos.extensions.agent.report.StatusReport;
import io.kairos.extensions.agent.report.StatusWriter;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
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
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One node's agent, played. In a turn it reports where everything stands; while something is not
 * through it takes a step, and another turn follows after a while. What disturbs the node waits for
 * the operator's grant: with it, it activates, or reboots. {@link Mishap}s tell what goes wrong.
 */
final class SimulatedAgent implements AutoCloseable {
  private static final int FREE_BYTES = 1 << 30;

  private final Random random;
  private final Supplier<SimulatedNodes.Pace> pace;
  private final Timer timer;
  private final Kubelet kubelet;
  private final StatusWriter writer;

  private Optional<NodeExtensionState> desired = Optional.empty();
  private final Map<String, SimulatedImage> images = new HashMap<>();
  private String bootId = UUID.randomUUID().toString();
  private NodeExtensionStateStatus reported = NodeExtensionStateStatus.EMPTY;
  private String reportedUid = "";
  private List<Mishap> mishaps = List.of();
  private int flapsLeft = -1;
  private boolean comingUp;
  private boolean waiting;
  private boolean frozen;
  private boolean closed;

  /** Runs turns later. */
  interface Timer {
    void schedule(Runnable turn, Duration delay);
  }

  /** Tells whether the Node is Ready. */
  interface Kubelet {
    void ready(boolean ready);
  }

  SimulatedAgent(
      KubernetesClient client,
      String node,
      Random random,
      Supplier<SimulatedNodes.Pace> pace,
      Timer timer,
      Kubelet kubelet) {
    this.random = random;
    this.pace = pace;
    this.timer = timer;
    this.kubelet = kubelet;
    this.writer = new StatusWriter(client, node, pace.get().report());
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

  /** From now on this goes wrong, and nothing else. */
  synchronized void befall(List<Mishap> what) {
    mishaps = List.copyOf(what);
    flapsLeft = -1;
    turnLater();
  }

  synchronized void reboot() {
    bootId = UUID.randomUUID().toString();
    images.replaceAll((name, image) -> image.merge(image.linked()));
    turnLater();
  }

  private void turnLater() {
    if (!waiting && !closed) {
      waiting = true;
      timer.schedule(this::turn, pace.get().next(random));
    }
  }

  private synchronized void turn() {
    waiting = false;
    if (closed || frozen || desired.isEmpty()) {
      return;
    }
    NodeExtensionState state = desired.get();
    List<Assignment> assignments = state.getSpec().assignments();
    if (comingUp) {
      comingUp = false;
      kubelet.ready(true);
    }
    Grants grants = Grants.of(state.getSpec().maintenance(), bootId);
    if (assignments.stream().anyMatch(a -> image(a).mayReboot(a, grants))) {
      goDown();
      return;
    }
    List<Standing> standings = new ArrayList<>();
    boolean settled = true;
    for (Assignment assignment : assignments) {
      SimulatedImage image = step(assignment, image(assignment), grants);
      if (frozen) {
        return; // the host has died
      }
      images.put(assignment.name(), image);
      settled &= image.isSettled() || isStalled(assignment, image);
      standings.add(new Standing(assignment, image.phase(), image.reason(), image.message(), 0));
    }
    forget(assignments);
    report(state, standings, upcoming(state));
    if (!settled) {
      turnLater();
    }
  }

  private SimulatedImage image(Assignment assignment) {
    return images.getOrDefault(assignment.name(), SimulatedImage.NONE);
  }

  /** The host shuts down, and comes up again with the next turn. */
  private void goDown() {
    kubelet.ready(false);
    comingUp = true;
    reboot();
  }

  private <T extends Mishap> Optional<T> mishap(Assignment assignment, Class<T> kind) {
    return mishaps.stream()
        .filter(kind::isInstance)
        .map(kind::cast)
        .filter(mishap -> mishap.version().equals(assignment.target().version()))
        .filter(mishap -> !assignment.remove())
        .findFirst();
  }

  private boolean isStalled(Assignment assignment, SimulatedImage image) {
    return mishap(assignment, Mishap.Stalls.class)
        .filter(stall -> stall.at() == image.phase())
        .isPresent();
  }

  /** One step further, or aside. */
  private SimulatedImage step(Assignment assignment, SimulatedImage image, Grants grants) {
    boolean mine = image.wanted().equals(assignment.target().image().sha256());
    if (mine && isStalled(assignment, image)) {
      return image;
    }
    if (mishap(assignment, Mishap.Dies.class).isPresent()) {
      frozen = true;
      kubelet.ready(false);
      return image;
    }
    if (mine && image.phase() == Phase.VERIFYING) {
      if (mishap(assignment, Mishap.Fails.class).isPresent()) {
        return image.merge(image.linked()).at(Phase.ROLLED_BACK);
      }
      if (isFlapping(assignment)) {
        return image;
      }
    }
    return image.step(assignment, grants);
  }

  /** Turn by turn: not Ready, Ready, … */
  private boolean isFlapping(Assignment assignment) {
    Optional<Mishap.Flaps> flaps = mishap(assignment, Mishap.Flaps.class);
    if (flaps.isEmpty() || flapsLeft == 0) {
      return false;
    }
    flapsLeft = flapsLeft < 0 ? 2 * flaps.get().times() - 1 : flapsLeft - 1;
    kubelet.ready(flapsLeft % 2 == 0);
    return flapsLeft > 0;
  }

  /** What is gone from the host and assigned no more. The rest is reported as released. */
  private void forget(List<Assignment> assignments) {
    Set<String> assigned = assignments.stream().map(Assignment::name).collect(Collectors.toSet());
    Set<String> gone = new HashSet<>(images.keySet());
    gone.removeAll(assigned);
    gone.removeIf(name -> !(images.get(name).linked() + images.get(name).merged()).isEmpty());
    images.keySet().removeAll(gone);
  }

  /** A download ahead of its turn is through at once. */
  private static List<Standing> upcoming(NodeExtensionState state) {
    return state.getSpec().upcoming().stream()
        .map(
            one ->
                new Standing(
                        one.assigned(), Phase.STAGED, Reasons.AWAITING_ADMISSION, "in the store", 0)
                    .withStagedRevision(one.target().revision()))
        .toList();
  }

  private void report(NodeExtensionState state, List<Standing> standings, List<Standing> upcoming) {
    String uid = state.getMetadata().getUid();
    NodeExtensionStateStatus previous = reportedUid.equals(uid) ? reported : state.getStatus();
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    reported =
        StatusReport.of(
            new Evidence(
                state.getMetadata().getGeneration(),
                List.of(
                    new Evidence.OfClass(
                        ExtensionType.SYSEXT,
                        standings,
                        upcoming,
                        view(),
                        Evidence.Compared.NOTHING,
                        Setbacks.NONE)),
                host(),
                List.of()),
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
        .osRelease(new HostStatus.OsRelease("simulated", "1", "", ""))
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
