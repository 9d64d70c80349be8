package io.kairos.extensions.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PlainDirectoryHostTest {
  @Test
  void saysThatItMergesNothingAndWhy() {
    try (TestHost host = plain()) {
      assertThat(host.merges()).isFalse();
      assertThat(host.describe()).isEqualTo("plain directory (no merge: not root)");
      CommandResult result = host.exec("systemctl", "status");
      assertThat(result.exitCode()).isEqualTo(PlainDirectoryHost.NO_SUCH_COMMAND);
      assertThat(result.stderr()).contains("runs no commands: systemctl status");
    }
  }

  @Test
  void hasTheLayoutOfAKairosHost() {
    try (TestHost host = plain()) {
      assertThat(host.root().resolve("run/cos/active_mode")).hasContent("1");
      assertThat(host.root().resolve("run/extensions")).isEmptyDirectory();
      assertThat(host.root().resolve("run/confexts")).isEmptyDirectory();
      assertThat(host.root().resolve("etc/os-release")).content().contains("ID=plain");
      assertThat(host.root().resolve("proc/sys/kernel/random/boot_id"))
          .content()
          .startsWith(host.bootId());
      assertThat(host.stateDir()).isEqualTo(host.root().resolve("var/lib/kairos"));
      try (Stream<Path> folders = Files.list(host.stateDir().resolve("extensions"))) {
        assertThat(folders.map(folder -> folder.getFileName().toString()))
            .containsExactlyInAnyOrder("active", "passive", "recovery", "common");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void bootsLinkTheBootedProfileAndCommonAsImmucoreDoes() throws IOException {
    try (TestHost host = plain()) {
      Path extensions = host.stateDir().resolve("extensions");
      Files.writeString(extensions.resolve("active/b.raw"), "");
      Files.createSymbolicLink(extensions.resolve("active/a.raw"), Path.of("../nowhere"));
      Files.writeString(extensions.resolve("active/.hidden.raw"), "");
      Files.writeString(extensions.resolve("active/half.part"), "");
      Files.createDirectories(extensions.resolve("active/folder.raw"));
      Files.writeString(extensions.resolve("common/c.raw"), "");
      Files.writeString(extensions.resolve("passive/p.raw"), "");
      Files.writeString(extensions.resolve("recovery/r.raw"), "");
      Files.writeString(extensions.resolve("stored.raw"), "");
      Files.createDirectories(host.stateDir().resolve("confexts/active"));
      Files.writeString(host.stateDir().resolve("confexts/active/conf.raw"), "");

      host.reboot();

      assertThat(links(host, "extensions"))
          .containsExactly(
              ".hidden.raw -> /var/lib/kairos/extensions/active/.hidden.raw",
              "a.raw -> /var/lib/kairos/extensions/active/a.raw",
              "b.raw -> /var/lib/kairos/extensions/active/b.raw",
              "c.raw -> /var/lib/kairos/extensions/common/c.raw");
      assertThat(links(host, "confexts"))
          .containsExactly("conf.raw -> /var/lib/kairos/confexts/active/conf.raw");

      host.setBootProfile(Profile.PASSIVE);
      host.reboot();
      assertThat(host.root().resolve("run/cos")).isDirectoryContaining("glob:**/passive_mode");
      assertThat(links(host, "extensions"))
          .containsExactly(
              "c.raw -> /var/lib/kairos/extensions/common/c.raw",
              "p.raw -> /var/lib/kairos/extensions/passive/p.raw");

      host.setBootProfile(Profile.AUTORESET);
      host.reboot();
      assertThat(host.root().resolve("run/cos/autoreset_mode")).exists();
      assertThat(links(host, "extensions"))
          .containsExactly(
              "c.raw -> /var/lib/kairos/extensions/common/c.raw",
              "r.raw -> /var/lib/kairos/extensions/recovery/r.raw");

      host.setBootProfile(Profile.LIVE);
      host.reboot();
      assertThat(links(host, "extensions")).isEmpty();
    }
  }

  @Test
  void theSameNameInTheProfileAndInCommonEndsTheLinking() throws IOException {
    try (TestHost host = plain()) {
      Path extensions = host.stateDir().resolve("extensions");
      for (String file :
          new String[] {"active/m.raw", "common/a.raw", "common/m.raw", "common/z.raw"}) {
        Files.writeString(extensions.resolve(file), "");
      }
      Files.writeString(host.stateDir().resolve("confexts/active/conf.raw"), "");

      host.reboot();

      assertThat(links(host, "extensions"))
          .containsExactly(
              "a.raw -> /var/lib/kairos/extensions/common/a.raw",
              "m.raw -> /var/lib/kairos/extensions/active/m.raw");
      assertThat(links(host, "confexts")).isEmpty();
    }
  }

  @Test
  void everyBootHasItsIdAndAnEmptyRunAndTheStateStays() throws IOException {
    try (TestHost host = plain()) {
      String first = host.bootId();
      Files.writeString(host.root().resolve("run/volatile"), "");
      Files.writeString(host.stateDir().resolve("kept"), "");

      host.cutPower();
      assertThat(host.isOn()).isFalse();
      assertThatThrownBy(host::root).isInstanceOf(IllegalStateException.class);
      assertThat(host.stateDir().resolve("kept")).exists();
      host.powerOn();

      assertThat(host.boots()).isEqualTo(2);
      assertThat(host.bootId()).isNotEqualTo(first);
      assertThat(host.root().resolve("run/volatile")).doesNotExist();
      assertThat(host.stateDir().resolve("kept")).exists();
    }
  }

  @Test
  void nothingIsLeftAfterClose() {
    TestHost host = plain();
    Path root = host.root();
    host.close();
    host.close();
    assertThat(root).doesNotExist();
    assertThatThrownBy(host::powerOn).isInstanceOf(IllegalStateException.class);
  }

  private static TestHost plain() {
    return PlainDirectoryHost.create(HostOptions.named("plain-1"), "not root");
  }

  private static Stream<String> links(TestHost host, String kind) throws IOException {
    try (Stream<Path> links = Files.list(host.root().resolve("run").resolve(kind))) {
      return links
          .map(
              link -> {
                try {
                  return link.getFileName() + " -> " + Files.readSymbolicLink(link);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              })
          .sorted()
          .toList()
          .stream();
    }
  }
}
