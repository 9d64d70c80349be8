package io.kairos.extensions.e2e.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.ExtensionImage;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.e2e.sandbox.Samples.Location;
import io.kairos.extensions.e2e.sandbox.Samples.Wanted;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of the files in {@code manifests/samples}, which are for users first. */
class SamplesTest {
  private static final String NO_DIGEST = "0".repeat(64);

  @Test
  void askForAnExtensionLiveAndAnotherForTheNextBoot() throws IOException {
    assertThat(samples().wanted())
        .containsExactlyInAnyOrder(
            new Wanted("hello", "1.0.0", Activation.LIVE),
            new Wanted("tools", "2.0.0", Activation.NEXT_BOOT));
    NodeExtensionPolicy live =
        samples().policies().stream()
            .filter(policy -> policy.getSpec().activation() == Activation.LIVE)
            .findFirst()
            .orElseThrow();
    assertThat(live.getSpec().profiles()).containsExactly(Profile.ACTIVE, Profile.PASSIVE);
    assertThat(live.getSpec().rollout().maxUnavailable().getIntVal()).isEqualTo(1);
  }

  /** The sandbox reads them so: it waits for every node. */
  @Test
  void selectAllNodesAndNameExtensionsOneByOne() throws IOException {
    for (NodeExtensionPolicy policy : samples().policies()) {
      assertThat(policy.getSpec().nodeSelector()).isEqualTo(new LabelSelector());
      assertThat(policy.getSpec().extensions())
          .allSatisfy(reference -> assertThat(reference.name()).isNotEmpty());
    }
  }

  @Test
  void showAddressesThatNobodyMistakesForRealOnes() throws IOException {
    assertThat(samples().extensions().stream().flatMap(e -> e.getSpec().images().stream()))
        .isNotEmpty()
        .allSatisfy(
            image -> {
              assertThat(image.url()).startsWith("https://extensions.example.org/");
              assertThat(image.sha256()).isEqualTo(NO_DIGEST);
            });
    try (Stream<Path> files = Files.list(folder())) {
      for (Path file : files.filter(f -> f.toString().contains("systemextension-")).toList()) {
        assertThat(file).content().contains("Replace url and sha256 by your own");
      }
    }
  }

  @Test
  void differInAddressesAndDigestsAloneWhenTheyAreServed() throws IOException {
    String digest = "ab".repeat(32);
    Samples served = samples().served(e -> new Location("https://here/" + e.imageName(), digest));
    assertThat(served.extensions().stream().flatMap(e -> e.getSpec().images().stream()))
        .allSatisfy(image -> assertThat(image.sha256()).isEqualTo(digest))
        .extracting(ExtensionImage::url)
        .containsOnly("https://here/hello", "https://here/tools");
    assertThat(served.policies()).isEqualTo(samples().policies());
    assertThat(withoutImages(served)).isEqualTo(withoutImages(samples()));
  }

  @Test
  void anotherVersionIsAFileForKubectl() throws IOException {
    Location there = new Location("https://here/hello-1.1.0.raw", "cd".repeat(32));
    SystemExtension next = Samples.version(samples().extension("hello"), "1.1.0", there);
    assertThat(Samples.yaml(next)).doesNotContain("status");
    SystemExtension read =
        new KubernetesSerialization().unmarshal(Samples.yaml(next), SystemExtension.class);
    assertThat(read.getMetadata().getName()).isEqualTo("hello");
    assertThat(read.getSpec().version()).isEqualTo("1.1.0");
    assertThat(read.getSpec().images().get(0).url()).isEqualTo(there.url());
  }

  @Test
  void anUnknownKindIsRefused(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("pod.yaml"), "kind: Pod\n");
    assertThatThrownBy(() -> Samples.load(folder)).hasMessageContaining("is of kind Pod");
  }

  @Test
  void withoutAFolderItIsSaid(@TempDir Path folder) {
    assertThatThrownBy(() -> Samples.folder(folder))
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining("manifests/samples");
  }

  private static List<String> withoutImages(Samples samples) {
    return samples.extensions().stream()
        .flatMap(extension -> Samples.yaml(extension).lines())
        .filter(line -> !line.matches("[ -]*(url|sha256): .*"))
        .toList();
  }

  private static Path folder() throws FileNotFoundException {
    return Samples.folder(Path.of(""));
  }

  private static Samples samples() throws IOException {
    return Samples.load(folder());
  }
}
