package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.plan.Wanted;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Three versions of an extension {@code tool} in a folder of a host, and what they look like
 * installed.
 */
record ToolImages(HostFolder folder, FakeHost host) {
  static final Path FOLDER = Path.of("/srv/images");
  static final String EXTENSIONS = "/var/lib/kairos/extensions/";
  static final String NOTE = EXTENSIONS + ".sysext-operator/verified.json";
  static final String FIT = EXTENSIONS + ".sysext-operator/fit.json";
  static final String LEDGER = "/run/extensions/.sysext-operator.json";

  ToolImages {
    try {
      for (int version : new int[] {1, 2, 3}) {
        Path image = folder.at(FOLDER + "/" + version + ".raw");
        Files.createDirectories(image.getParent());
        Files.write(image, Images.demo(version));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  String sha256(int version) {
    return Images.sha256(Images.demo(version));
  }

  Assignment live(int version) {
    return wanted(version, Activation.LIVE);
  }

  Assignment wanted(int version, Activation activation) {
    return wanted(version, activation, version + ".raw", sha256(version));
  }

  /** The first version with its program called as a container runtime is. */
  byte[] carryingNodeRuntime() {
    byte[] image = Images.demo(1);
    image[1024 + 8] &= ~1; // its superblock has no checksum
    String names = new String(image, StandardCharsets.ISO_8859_1);
    return names.replace("aliasdemo", "aliascrio").getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The first version, where these are its bytes. */
  Assignment of(byte[] image, Activation activation) throws IOException {
    Files.write(folder.at(FOLDER + "/other.raw"), image);
    return wanted(1, activation, "other.raw", Images.sha256(image));
  }

  /** An image under another name. */
  Assignment named(String name, int version) {
    Assignment live = live(version);
    return new Assignment(live.type(), name, name, live.policy(), live.target(), live.remove());
  }

  private static Assignment wanted(int version, Activation activation, String file, String sha256) {
    Assignment assignment =
        Wanted.assignment("tool", String.valueOf(version), activation, 0, Profile.ACTIVE);
    Target target =
        assignment.target().toBuilder()
            .image(new Target.ResolvedImage("file://" + FOLDER + "/" + file, sha256))
            .build();
    return new Assignment(
        assignment.type(), "tool", "tool", assignment.policy(), target, assignment.remove());
  }

  void assertInstalled(int version) throws IOException {
    Map<String, String> entries = new TreeMap<>(linked(version));
    entries.put(FIT, "");
    assertMerged(version, entries);
  }

  /** The same for one that is found unfit by now, and stays. */
  void assertInstalledThoughUnfit(int version) throws IOException {
    assertMerged(version, linked(version));
  }

  private void assertMerged(int version, Map<String, String> entries) throws IOException {
    assertThat(host.merged()).isEqualTo(Map.of("tool", sha256(version)));
    assertThat(folder.entries()).isEqualTo(entries);
  }

  private Map<String, String> linked(int version) {
    return Map.of(
        EXTENSIONS + "tool.raw",
        ".sysext-operator/images/" + sha256(version),
        EXTENSIONS + "active/tool.raw",
        "../.sysext-operator/images/" + sha256(version),
        EXTENSIONS + ".sysext-operator/good/tool",
        "../images/" + sha256(version),
        EXTENSIONS + ".sysext-operator/images/" + sha256(version),
        "",
        NOTE,
        "",
        "/run/extensions/tool.raw",
        EXTENSIONS + "active/tool.raw",
        LEDGER,
        "");
  }

  void awaitInstalled(int version) {
    await().untilAsserted(() -> assertInstalled(version));
  }
}
