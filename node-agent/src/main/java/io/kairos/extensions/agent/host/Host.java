package io.kairos.extensions.agent.host;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.image.TrustedCertificates;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the agent asks of the system it looks after, beside its files. */
public interface Host extends AutoCloseable {

  /**
   * Asks who the host is.
   *
   * @throws HostException when it does not answer
   */
  Identity identify() throws HostException;

  /**
   * Asks again for what may change while the host runs: what its units take and merge, and whose
   * signatures it trusts itself.
   *
   * @param known what it said before
   * @throws HostException when it does not answer
   */
  Identity identifyAgain(Identity known) throws HostException;

  /**
   * What is merged now, of each class that the host can merge.
   *
   * @throws HostException when the host does not answer
   */
  Map<ExtensionClass, Merge> merges() throws HostException;

  /**
   * The classes of which no boot of the host merges anything by itself: their unit is not enabled,
   * or masked. A Kairos image enables the one of system extensions anew in each boot, by a stage of
   * its own ({@code 99_sysext.yaml}), and that of configuration only where the distribution does.
   *
   * @return what the host says of the unit instead, {@code disabled} for one
   * @throws HostException when the host does not answer
   */
  Map<ExtensionClass, String> unmergedAtBoot() throws HostException;

  /**
   * A cheap sign of the merges that {@link #merges()} showed last: it changes when one of them is
   * gone. Asking for it starts no process on the host. It may change without that, too, and some
   * changes of a merge it does not see: it tells when to look, and nothing else.
   *
   * @throws HostException when the host does not answer
   */
  String mergeSign() throws HostException;

  /**
   * Merges what is linked of one class, all of it at once, and waits until that shows.
   *
   * @param extensionClass which the host can merge
   * @param wanted names that have to be merged afterwards
   * @param unwanted names that must not be merged afterwards
   * @param reloadUnits whether unit files come or go, so that systemd has to read them, whatever
   *     comes of it
   * @throws HostException when the host does not answer, and whether it merged is then unknown; or
   *     when it merges nothing whatever is linked, since it goes down or the unit is masked
   */
  Refreshed refresh(
      ExtensionClass extensionClass, Set<String> wanted, Set<String> unwanted, boolean reloadUnits)
      throws HostException;

  /** The host's units. */
  Units units();

  /**
   * Begins an orderly reboot and returns; the host goes down soon after. Whoever delays a shutdown,
   * as a kubelet does that ends its pods gracefully, is given its time.
   *
   * @throws HostException when the host does not answer, or refuses, as it does while somebody
   *     blocks shutdowns
   */
  void reboot() throws HostException;

  @Override
  void close();

  /**
   * Who the host is.
   *
   * @param architecture of the running kernel
   * @param osRelease the host's own
   * @param facts what images are matched against, of each class that the host can merge
   * @param systemd the version of systemd
   * @param kernel the release of the kernel
   * @param trustedBoot whether a signed unified kernel image was booted
   * @param kairos whether it is one of Kairos, with its store and boot profiles
   * @param verityKeys the certificates in the host's {@code verity.d} folders; looked for on
   *     Trusted Boot hosts only
   */
  record Identity(
      MachineArchitecture architecture,
      OsRelease osRelease,
      Map<ExtensionClass, HostFacts> facts,
      String systemd,
      String kernel,
      boolean trustedBoot,
      boolean kairos,
      TrustedCertificates verityKeys) {
    /** Takes a copy. */
    public Identity {
      facts = Map.copyOf(facts);
    }

    /** What images of a class are matched against, where the host can merge that class. */
    public Optional<HostFacts> facts(ExtensionClass extensionClass) {
      return Optional.ofNullable(facts.get(extensionClass));
    }
  }

  /**
   * A merge of one class, as the host's mount table shows it.
   *
   * @param id of the mounts: stays exactly as long as this merge lasts, empty while nothing is
   *     merged
   * @param names of the extensions
   * @param hides mounts below each hierarchy that another merge of it would cover up or take away
   * @param rivals what the host would merge under a name whatever the run folder links, by name
   * @param frozen why the host lets nothing of the class be merged or unmerged at present, where it
   *     does not
   */
  record Merge(
      String id,
      Set<String> names,
      Map<String, Set<String>> hides,
      Map<String, String> rivals,
      Optional<String> frozen) {
    /** Takes copies. */
    public Merge {
      names = Set.copyOf(names);
      hides = Map.copyOf(hides);
      rivals = Map.copyOf(rivals);
    }

    /** One that is in nobody's way. */
    public Merge(String id, Set<String> names) {
      this(id, names, Map.of(), Map.of(), Optional.empty());
    }
  }

  /** What came of a refresh. */
  sealed interface Refreshed {
    /** The mounts show what was wanted. */
    record Done() implements Refreshed {}

    /**
     * They do not.
     *
     * @param message what the host said
     */
    record Refused(String message) implements Refreshed {}
  }
}
