package io.kairos.extensions.agent.host;

import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.TrustedCertificates;
import java.util.Map;
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
   * What is merged now.
   *
   * @throws HostException when the host does not answer
   */
  Merge merge() throws HostException;

  /**
   * A cheap sign of the merge that {@link #merge()} showed last: it changes when that merge is
   * gone. Asking for it starts no process on the host. It may change without that, too, and some
   * changes of a merge it does not see: it tells when to look, and nothing else.
   *
   * @throws HostException when the host does not answer
   */
  String mergeSign() throws HostException;

  /**
   * Merges what the run folder links, all of it at once, and waits until that shows.
   *
   * @param wanted names that have to be merged afterwards
   * @param unwanted names that must not be merged afterwards
   * @param reloadUnits whether unit files come or go, so that systemd has to read them
   * @throws HostException when the host does not answer; whether it merged is then unknown
   */
  Refreshed refresh(Set<String> wanted, Set<String> unwanted, boolean reloadUnits)
      throws HostException;

  /** The host's units. */
  Units units();

  @Override
  void close();

  /**
   * Who the host is.
   *
   * @param facts what images are matched against
   * @param systemd the version of systemd
   * @param kernel the release of the kernel
   * @param trustedBoot whether a signed unified kernel image was booted
   * @param verityKeys the certificates in the host's {@code verity.d} folders; looked for on
   *     Trusted Boot hosts only
   */
  record Identity(
      HostFacts facts,
      String systemd,
      String kernel,
      boolean trustedBoot,
      TrustedCertificates verityKeys) {
    /** A host without Trusted Boot. */
    public Identity(HostFacts facts, String systemd, String kernel) {
      this(facts, systemd, kernel, false, TrustedCertificates.NONE);
    }
  }

  /**
   * A merge, as the host's mount table shows it.
   *
   * @param id of the mounts: stays exactly as long as this merge lasts, empty while nothing is
   *     merged
   * @param names of the extensions
   * @param hides mounts below each hierarchy that another merge of it would cover up or take away
   * @param rivals what the host would merge under a name whatever the run folder links, by name
   */
  record Merge(
      String id, Set<String> names, Map<String, Set<String>> hides, Map<String, String> rivals) {
    /** Takes copies. */
    public Merge {
      names = Set.copyOf(names);
      hides = Map.copyOf(hides);
      rivals = Map.copyOf(rivals);
    }

    /** One that is in nobody's way. */
    public Merge(String id, Set<String> names) {
      this(id, names, Map.of(), Map.of());
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
