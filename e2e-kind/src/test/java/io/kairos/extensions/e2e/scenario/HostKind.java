package io.kairos.extensions.e2e.scenario;

import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.scenario.KairosAgent.When;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** The kinds of hosts there are, and where the files of a live extension lie on each. */
enum HostKind {
  /** Its store is Kairos', and immucore links what a boot merges. */
  KAIROS("/var/lib/kairos/extensions/", "/var/lib/kairos/extensions/active/") {
    @Override
    HostOptions named(String name) {
      return HostOptions.named(name);
    }

    @Override
    String images() {
      return store() + ".sysext-operator/images/";
    }

    @Override
    Set<String> linksOf(String name) {
      return World.linksOf(name);
    }

    @Override
    String theirFile() {
      return store() + "theirs.raw";
    }

    @Override
    Set<String> theirs() {
      return Set.of(theirFile(), linkOf("theirs"), "/run/extensions/theirs.raw");
    }

    @Override
    void putTheirs(FleetNode node, SampleImage image) {
      KairosAgent kairosAgent = new KairosAgent(node);
      kairosAgent.install(image.path(), "theirs.raw");
      kairosAgent.enable("theirs", "active", When.NOW);
    }
  },

  /** systemd itself looks into {@code /var/lib/extensions}; the store is ours. */
  SYSTEMD("/var/lib/sysext-operator/extensions/", "/var/lib/extensions/") {
    @Override
    HostOptions named(String name) {
      return HostOptions.systemd(name);
    }

    @Override
    String images() {
      return store() + "images/";
    }

    @Override
    Set<String> linksOf(String name) {
      return Set.of(linkOf(name), store() + name + ".raw", store() + "good/" + name);
    }

    @Override
    String theirFile() {
      return linkOf("theirs");
    }

    @Override
    Set<String> theirs() {
      return Set.of(theirFile());
    }

    @Override
    void putTheirs(FleetNode node, SampleImage image) throws IOException {
      Files.copy(image.path(), node.layout().here(Path.of(theirFile())));
      node.host().exec("systemctl", "restart", "systemd-sysext").orThrow();
    }
  };

  private final String store;
  private final String booted;

  HostKind(String store, String booted) {
    this.store = store;
    this.booted = booted;
  }

  /** The folder of what is installed. */
  String store() {
    return store;
  }

  /** The link that the next boot follows. */
  String linkOf(String name) {
    return booted + name + ".raw";
  }

  /** A host of the kind. */
  abstract HostOptions named(String name);

  /** The folder of the images. */
  abstract String images();

  /** Every link of an extension that is live, and good. */
  abstract Set<String> linksOf(String name);

  /** Where the image lies of {@link #putTheirs}. */
  abstract String theirFile();

  /** Every file and link of {@link #putTheirs}. */
  abstract Set<String> theirs();

  /** Somebody else installs an image, as is done on such hosts, and merges it. */
  abstract void putTheirs(FleetNode node, SampleImage image) throws IOException;
}
