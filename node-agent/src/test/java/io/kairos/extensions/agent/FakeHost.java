package io.kairos.extensions.agent;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.ImagePolicy;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.image.TrustedCertificates;
import io.kairos.extensions.agent.store.StoreLayout;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * systemd and immucore on a temporary folder: follows the links that are really there, skips what
 * dangles, and refuses as a whole when one image of a class is bad.
 */
final class FakeHost implements Host {
  private final Map<ExtensionClass, FakeMerge> classes = new EnumMap<>(ExtensionClass.class);
  private final Set<String> bad = ConcurrentHashMap.newKeySet();
  private final Map<ExtensionClass, String> unmergedAtBoot = new ConcurrentHashMap<>();
  private final FakeUnits units = new FakeUnits();
  private int looks;
  private int reboots;
  private String rebootsBlocked = "";
  private volatile Optional<RuntimeException> defect = Optional.empty();
  private volatile boolean silent;
  private volatile CompletableFuture<Void> known = CompletableFuture.completedFuture(null);
  private volatile boolean trustedBoot;
  private volatile List<ImagePolicy> policies = List.of();
  private volatile OsRelease osRelease = Images.host().osRelease();

  /** Merges the classes of these layouts, and no other. */
  FakeHost(StoreLayout... layouts) {
    for (StoreLayout layout : layouts) {
      classes.put(layout.extensionClass(), new FakeMerge(layout, bad));
    }
  }

  /** Passes inspection, does not merge. */
  void bad(String sha256) {
    bad.add(sha256);
  }

  /** Does not answer any more, or again. */
  void silent(boolean isSilent) {
    silent = isSilent;
  }

  /** Says who it is only then. */
  void identifiesAfter(CompletableFuture<Void> event) {
    known = event;
  }

  /** Was booted from a signed unified kernel image, and trusts nobody itself. */
  void trustedBoot(boolean isTrusted) {
    trustedBoot = isTrusted;
  }

  /** What the next boot boots. */
  void system(String versionId) {
    osRelease = new OsRelease(Map.of("ID", "kairos", "VERSION_ID", versionId));
  }

  /** Does not let itself be rebooted, or again: without a reason. */
  synchronized void refusesReboots(String why) {
    rebootsBlocked = why;
  }

  /** Breaks the next look at it. */
  void breaks(RuntimeException how) {
    defect = Optional.of(how);
  }

  /** The power goes and comes back. */
  synchronized void boot() throws IOException {
    for (FakeMerge one : classes.values()) {
      one.boot();
    }
  }

  /** What is merged of system extensions: the digest by name. */
  Map<String, String> merged() {
    return merged(ExtensionClass.SYSEXT);
  }

  /** What is merged of a class. */
  synchronized Map<String, String> merged(ExtensionClass of) {
    return classes.get(of).merged();
  }

  /** The names of system extensions that each refresh left merged. */
  List<Set<String>> refreshes() {
    return refreshes(ExtensionClass.SYSEXT);
  }

  /** The names of a class that each refresh left merged. */
  synchronized List<Set<String>> refreshes(ExtensionClass of) {
    return classes.get(of).refreshes();
  }

  @Override
  public FakeUnits units() {
    return units;
  }

  /** What its units take from now on. */
  void policies(ImagePolicy... taken) {
    policies = List.of(taken);
  }

  @Override
  public Identity identifyAgain(Identity known) throws HostException {
    if (silent) {
      throw new HostException("the bus did not answer");
    }
    return identify();
  }

  @Override
  public Identity identify() {
    known.join();
    HostFacts facts = Images.host();
    Map<ExtensionClass, HostFacts> byClass = new EnumMap<>(ExtensionClass.class);
    classes
        .keySet()
        .forEach(
            one ->
                byClass.put(
                    one,
                    HostFacts.of(one, facts.architecture(), osRelease).withPolicies(policies)));
    return new Identity(
        facts.architecture(),
        osRelease,
        byClass,
        "257",
        "6.1",
        trustedBoot,
        classes.values().stream().noneMatch(FakeMerge::looksIntoProfile),
        TrustedCertificates.NONE);
  }

  /** A boot does not start the unit of a class, which is in this state. */
  void unmergedAtBoot(ExtensionClass of, String state) {
    unmergedAtBoot.put(of, state);
  }

  @Override
  public Map<ExtensionClass, String> unmergedAtBoot() {
    return unmergedAtBoot;
  }

  @Override
  public synchronized Map<ExtensionClass, Merge> merges() throws HostException {
    looks++;
    RuntimeException thrown = defect.orElse(null);
    defect = Optional.empty();
    if (thrown != null) {
      throw thrown;
    }
    if (silent) {
      throw new HostException("the bus did not answer");
    }
    Map<ExtensionClass, Merge> merges = new EnumMap<>(ExtensionClass.class);
    classes.forEach((one, merge) -> merges.put(one, merge.shown()));
    return merges;
  }

  @Override
  public synchronized String mergeSign() throws HostException {
    if (silent) {
      throw new HostException("the bus did not answer");
    }
    return classes.values().stream().map(FakeMerge::shown).toList().toString();
  }

  /** Somebody unmerges by hand. */
  synchronized void unmerge() {
    classes.values().forEach(FakeMerge::unmerge);
  }

  /** How often the merges were looked at. */
  synchronized int looks() {
    return looks;
  }

  @Override
  public synchronized Refreshed refresh(
      ExtensionClass extensionClass,
      Set<String> wanted,
      Set<String> unwanted,
      boolean reloadUnits) {
    return classes.get(extensionClass).refresh();
  }

  @Override
  public synchronized void reboot() throws HostException {
    if (silent) {
      throw new HostException("the bus did not answer");
    }
    if (!rebootsBlocked.isEmpty()) {
      throw new HostException(rebootsBlocked);
    }
    reboots++;
  }

  /** How often it was told to reboot. */
  synchronized int reboots() {
    return reboots;
  }

  @Override
  public void close() {
    // nothing is held open
  }
}
