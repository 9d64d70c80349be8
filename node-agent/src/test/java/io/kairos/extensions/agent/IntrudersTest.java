package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kairos.extensions.agent.fetch.FetchConfig;
import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.fetch.Sources;
import io.kairos.extensions.agent.fetch.Stager;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Proof;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.agent.store.Intruder;
import io.kairos.extensions.agent.store.Ledger;
import io.kairos.extensions.agent.store.MapNote;
import io.kairos.extensions.agent.store.NotedSoak;
import io.kairos.extensions.agent.store.Proofs;
import io.kairos.extensions.agent.store.Store;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.agent.store.StoreReader;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * FIFOs, sockets, links, devices and folders in place of files and folders of ours: replaced, or
 * named in an error, and never waited for or written through.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IntrudersTest {
  private static final byte[] IMAGE = Images.demo();
  private static final String SHA256 = Images.sha256(IMAGE);
  private static final Path SOURCES = Path.of("/srv/images");

  @TempDir private Path root;
  @TempDir private Path other;
  private HostFolder host;
  private StoreLayout layout;
  private Path outside;

  @BeforeEach
  void prepare() throws IOException {
    host = HostFolder.in(root);
    layout = host.layout();
    outside = Files.writeString(other.resolve("outside"), "not ours");
    Files.createDirectories(host.at(SOURCES.toString()));
    Files.write(host.at(SOURCES + "/demo.raw"), IMAGE);
  }

  private void assertNothingOutside() {
    assertThat(outside).hasContent("not ours");
    assertThat(other.toFile().list()).containsExactly("outside");
  }

  @ParameterizedTest
  @EnumSource(Intruder.class)
  void inPlaceOfTheLedger(Intruder intruder) throws Exception {
    Path next = layout.ledger().resolveSibling(layout.ledger().getFileName() + ".part");
    for (Path place : List.of(layout.ledger(), next)) {
      intruder.put(place, outside);
      Map<String, NameView> names = new StoreReader(layout).read().names();
      Ledger ledger = new Ledger(layout);
      assertThat(ledger.images("1", Set.of("tool"), names))
          .isEqualTo(Map.of("tool", Optional.empty()));
      assertThat(Files.isRegularFile(layout.ledger(), LinkOption.NOFOLLOW_LINKS)).isTrue();
      assertNothingOutside();
    }
  }

  @ParameterizedTest
  @EnumSource(Intruder.class)
  void inPlaceOfTheProofs(Intruder intruder) throws Exception {
    Path next = layout.proofs().resolveSibling(layout.proofs().getFileName() + ".part");
    for (Path place : List.of(layout.proofs(), next)) {
      intruder.put(place, outside);
      Proofs proofs = new Proofs(layout);
      assertThat(proofs.read()).isEmpty();
      proofs.put("tool", Proof.ofServices(SHA256, List.of()));
      assertThat(proofs.read()).containsOnlyKeys("tool");
      proofs.drop("tool");
      assertThat(layout.proofs()).doesNotExist();
      assertNothingOutside();
    }
  }

  @ParameterizedTest
  @EnumSource(Intruder.class)
  void inPlaceOfTheSoaks(Intruder intruder) throws Exception {
    Path next = layout.soaks().resolveSibling(layout.soaks().getFileName() + ".part");
    for (Path place : List.of(layout.soaks(), next)) {
      intruder.put(place, outside);
      MapNote<NotedSoak> soaks = MapNote.soaks(layout);
      assertThat(soaks.read()).isEmpty();
      soaks.write(Map.of("tool", new NotedSoak(SHA256, 1, "merge")));
      assertThat(soaks.read()).isEqualTo(Map.of("tool", new NotedSoak(SHA256, 1, "merge")));
      soaks.write(Map.of());
      assertThat(layout.soaks()).doesNotExist();
      assertNothingOutside();
    }
  }

  private Staged stage() throws Exception {
    Sources sources =
        new Sources(Optional.empty(), layout.host(), List.of(SOURCES), FetchConfig.DEFAULT);
    return new Stager(sources, layout, new Store(layout))
        .stage(
            new Target.ResolvedImage("file://" + SOURCES + "/demo.raw", SHA256),
            "demo",
            Images.host(),
            Map.of());
  }

  @ParameterizedTest
  @EnumSource(Intruder.class)
  void inPlaceOfADownloadAndItsNote(Intruder intruder) throws Exception {
    intruder.put(layout.staging().resolve(SHA256 + ".part"), outside);
    intruder.put(layout.staging().resolve(SHA256 + ".part.meta"), outside);
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertThat(layout.images().resolve(SHA256)).hasBinaryContent(IMAGE);
    assertThat(layout.staging()).isEmptyDirectory();
    assertNothingOutside();
  }

  @ParameterizedTest
  @EnumSource(Intruder.class)
  void inPlaceOfAnImage(Intruder intruder) throws Exception {
    Path image = layout.images().resolve(SHA256);
    intruder.put(image, outside);
    assertThat(new StoreReader(layout).read().images()).isEmpty();
    Staged outcome = stage();
    if (intruder == Intruder.FOLDER) {
      assertThat(outcome)
          .isInstanceOfSatisfying(
              Staged.NotStaged.class, not -> assertThat(not.message()).contains(SHA256));
    } else {
      assertThat(outcome).isInstanceOf(Staged.Ready.class);
      assertThat(Files.isRegularFile(image, LinkOption.NOFOLLOW_LINKS)).isTrue();
      assertThat(image).hasBinaryContent(IMAGE);
    }
    assertNothingOutside();
  }

  @ParameterizedTest
  @EnumSource(value = Intruder.class, mode = EnumSource.Mode.EXCLUDE, names = "FOLDER")
  void inPlaceOfAFolder(Intruder intruder) throws Exception {
    Path folderOutside = Files.createDirectory(other.resolve("folder"));
    for (Path folder :
        List.of(
            layout.good(),
            layout.images(),
            layout.staging(),
            layout.links(),
            layout.store().resolve("active"),
            layout.ours(),
            layout.store(),
            layout.run())) {
      Path aside = root.resolve("aside");
      Files.move(folder, aside);
      intruder.put(folder, folderOutside);
      assertThatThrownBy(() -> new Store(layout).prepare())
          .as("%s", folder)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("move it away")
          .hasMessageContaining(layout.host().onHost(folder).toString());
      assertThat(folderOutside).isEmptyDirectory();
      Files.delete(folder);
      Files.move(aside, folder);
    }
    new Store(layout).prepare();
  }
}
