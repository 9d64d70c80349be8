package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All shapes in which images lie in registries, in a real one. */
class OciTest {
  private static final byte[] IMAGE = Images.demo();
  private static final String SHA256 = Images.sha256(IMAGE);
  private static final String KEPT = "/var/lib/kairos/extensions/.sysext-operator/images/" + SHA256;
  private static final String KAIROS = "application/vnd.kairos.sysext.raw";
  private static final String SYSTEMD = "application/vnd.systemd.sysext.image.v1+raw";

  @TempDir private static Path folder;
  private static RealRegistry registry;

  @TempDir private Path root;
  private HostFolder host;

  @BeforeAll
  static void registry() throws Exception {
    registry = RealRegistry.in(folder);
  }

  @AfterAll
  static void stop() throws Exception {
    if (registry != null) {
      registry.close();
    }
  }

  @BeforeEach
  void prepare() throws IOException {
    host = HostFolder.in(root);
  }

  private Staged stage(String url) throws Exception {
    return stage(url, Images.host());
  }

  private Staged stage(String url, HostFacts facts) throws Exception {
    Sources sources =
        new Sources(Optional.empty(), host.layout().host(), List.of(), FetchConfig.DEFAULT);
    return new Stager(sources, host.layout(), host.store())
        .stage(new Target.ResolvedImage(url, SHA256), "demo", facts, Map.of());
  }

  private void assertKeptAlone(Staged outcome) throws IOException {
    assertThat(outcome).isInstanceOf(Staged.Ready.class);
    assertThat(host.entries()).containsOnlyKeys(KEPT);
    assertThat(host.at(KEPT)).hasBinaryContent(IMAGE);
  }

  private void assertNotStaged(Staged outcome, String reason, String... words) throws IOException {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Staged.NotStaged.class,
            not -> {
              assertThat(not.reason()).as(not.message()).isEqualTo(reason);
              assertThat(List.of(words)).allSatisfy(w -> assertThat(not.message()).contains(w));
            });
    assertThat(host.entries()).isEmpty();
  }

  private static String push(
      String repository,
      String tag,
      String artifactType,
      String config,
      String type,
      String more,
      byte[]... blobs)
      throws Exception {
    String[] layers = new String[blobs.length];
    registry.push(repository, Layers.EMPTY);
    for (int i = 0; i < blobs.length; i++) {
      registry.push(repository, blobs[i]);
      layers[i] = Layers.descriptor(type, blobs[i], more);
    }
    String manifest = Layers.manifest(artifactType, config, layers);
    registry.push(repository, tag, OciRegistry.MANIFEST, manifest);
    return manifest;
  }

  private static String container(String repository, String type, byte[]... layers)
      throws Exception {
    push(repository, "v1", "", Layers.OCI_CONFIG, type, "", layers);
    return registry.oci(repository + ":v1");
  }

  @Test
  void theShapeOfKairos() throws Exception {
    push(
        "kairos/demo",
        "1.0-amd64",
        KAIROS,
        Layers.EMPTY_CONFIG,
        KAIROS,
        Layers.title("demo.sysext.raw"),
        IMAGE);
    assertKeptAlone(stage(registry.oci("kairos/demo:1.0-amd64")));
  }

  @Test
  void theShapeOfSystemdBehindAnIndexOfSeveralArchitectures() throws Exception {
    String repository = "systemd/demo";
    byte[] other = "an image for another".getBytes(StandardCharsets.UTF_8);
    String type = "application/vnd.systemd.sysext.v1";
    byte[] amd64 =
        push(repository, "amd64", type, Layers.EMPTY_CONFIG, SYSTEMD, "", IMAGE)
            .getBytes(StandardCharsets.UTF_8);
    byte[] arm64 =
        push(repository, "arm64", type, Layers.EMPTY_CONFIG, SYSTEMD, "", other)
            .getBytes(StandardCharsets.UTF_8);
    String digest =
        registry.push(
            repository,
            "1.0",
            OciRegistry.INDEX,
            Layers.index(
                Layers.descriptor(OciRegistry.MANIFEST, arm64, Layers.platform("arm64")),
                Layers.descriptor(OciRegistry.MANIFEST, amd64, Layers.platform("amd64"))));

    assertNotStaged(
        stage(
            registry.oci(repository + ":1.0"),
            HostFacts.of(MachineArchitecture.ARM64, Images.host().osRelease())),
        Reasons.DIGEST_MISMATCH,
        Images.sha256(other),
        SHA256);
    assertNotStaged(
        stage(
            registry.oci(repository + ":1.0"),
            HostFacts.of(MachineArchitecture.RISCV64, Images.host().osRelease())),
        Reasons.ARCHITECTURE_MISMATCH,
        "nothing for linux/riscv64",
        "[linux/amd64, linux/arm64]");
    assertKeptAlone(stage(registry.oci(repository + "@" + digest)));
  }

  @Test
  void theShapeOfABareOrasPush() throws Exception {
    push(
        "oras/demo",
        "latest",
        "application/vnd.unknown.artifact.v1",
        Layers.EMPTY_CONFIG,
        Layers.TAR,
        Layers.title("demo.raw"),
        IMAGE);
    assertKeptAlone(stage(registry.oci("oras/demo")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "+gzip", "+zstd"})
  void aContainerImageWithOneImageFileInIt(String packed) throws Exception {
    Layers base = new Layers().file("etc/hostname", new byte[3000]).symlink("bin", "usr/bin");
    Layers top = new Layers().file("opt/demo.raw", IMAGE).file("opt/readme", new byte[10]);
    byte[][] layers =
        switch (packed) {
          case "+gzip" -> new byte[][] {base.gzip(), top.gzip()};
          case "+zstd" -> new byte[][] {base.zstd(), top.zstd()};
          default -> new byte[][] {base.tar(), top.tar()};
        };
    assertKeptAlone(
        stage(container("container/one" + packed.replace("+", "-"), Layers.TAR + packed, layers)));
  }

  @Test
  void aContainerImageThatIsTheTreeIsRefusedWithTheReason() throws Exception {
    byte[] tree =
        new Layers()
            .file(
                "usr/lib/extension-release.d/extension-release.demo",
                "ID=_any\n".getBytes(StandardCharsets.UTF_8))
            .file("usr/bin/demo", new byte[100])
            .gzip();
    assertNotStaged(
        stage(container("container/tree", Layers.TAR + "+gzip", tree)),
        Reasons.UNSUPPORTED_OCI_CONTENT,
        "its layers are the extension's tree, not an image of it");
  }

  @Test
  void severalImageFilesAreRefusedWithTheirNames() throws Exception {
    byte[] first = new Layers().file("a/demo.raw", IMAGE).gzip();
    byte[] second = new Layers().file("b/other.raw", IMAGE).gzip();
    assertNotStaged(
        stage(container("container/two", Layers.TAR + "+gzip", first, second)),
        Reasons.UNSUPPORTED_OCI_CONTENT,
        "a/demo.raw",
        "b/other.raw");
    push(
        "oras/two", "v1", "", Layers.EMPTY_CONFIG, Layers.TAR, Layers.title("x.raw"), IMAGE, first);
    assertNotStaged(
        stage(registry.oci("oras/two:v1")),
        Reasons.UNSUPPORTED_OCI_CONTENT,
        "several image files: x.raw, x.raw");
  }

  @Test
  void linksDevicesAndPathsOutsideAreRefused() throws Exception {
    byte[] symlink = new Layers().symlink("opt/demo.raw", "/etc/shadow").gzip();
    byte[] hardLink = new Layers().link("demo.raw", TarConstants.LF_LINK, "etc/shadow").gzip();
    byte[] device = new Layers().link("demo.raw", TarConstants.LF_BLK, "").gzip();
    byte[] above = new Layers().file("../demo.raw", IMAGE).gzip();
    byte[] absolute = new Layers().file("/opt/demo.raw", IMAGE).gzip();
    byte[] whiteout = new Layers().file("opt/.wh.demo.raw", new byte[0]).gzip();
    int n = 0;
    for (byte[] layer : List.of(symlink, hardLink, device, above, absolute, whiteout)) {
      assertNotStaged(
          stage(container("container/bad" + n++, Layers.TAR + "+gzip", layer)),
          Reasons.UNSUPPORTED_OCI_CONTENT,
          "demo.raw");
    }
  }

  @Test
  void anArtifactOfAnotherKindIsRefusedWithItsTypes() throws Exception {
    push(
        "oras/chart",
        "v1",
        "",
        "application/vnd.cncf.helm.config.v1+json",
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        "",
        new byte[10]);
    assertNotStaged(
        stage(registry.oci("oras/chart:v1")),
        Reasons.UNSUPPORTED_OCI_CONTENT,
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip");
  }

  @Test
  void aTagThatIsNotThereIsNamed() throws Exception {
    assertNotStaged(
        stage(registry.oci("nothing/here:v9")),
        Reasons.DOWNLOAD_REFUSED,
        "/v2/nothing/here/manifests/v9",
        "HTTP 404");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "oci://localhost",
        "oci://localhost/",
        "oci://localhost/Demo",
        "oci://localhost/../demo",
        "oci://localhost/demo:",
        "oci://localhost/demo:a/b",
        "oci://localhost/demo@sha256:abc",
        "oci://localhost/demo?x=y",
        "oci:///demo",
        "oci://user:password@localhost/demo"
      })
  void whatIsNoReferenceIsNotAllowed(String url) throws Exception {
    assertNotStaged(stage(url), Reasons.SOURCE_NOT_ALLOWED);
  }
}
