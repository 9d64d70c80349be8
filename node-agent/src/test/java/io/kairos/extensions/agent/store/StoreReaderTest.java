package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.agent.plan.Link;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Wanted;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus.UnmanagedFile;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreReaderTest {
  private static final String EXTENSIONS = "/var/lib/kairos/extensions/";
  private static final String OURS = EXTENSIONS + ".sysext-operator/";
  private static final String V1 = Wanted.digest("tool", "1");

  @TempDir private Path root;
  private HostFolder host;

  @BeforeEach
  void prepare() throws IOException {
    host = HostFolder.in(root);
  }

  private StoreReader.Contents read() throws IOException {
    return new StoreReader(host.layout()).read();
  }

  private NameView tool() throws IOException {
    return read().names().getOrDefault("tool", NameView.NONE);
  }

  private List<String> unmanaged() throws IOException {
    return read().unmanaged(Set.of()).stream().map(UnmanagedFile::file).toList();
  }

  @Test
  void whatTheStoreMadeIsReadBackAsOurs() throws IOException {
    host.image(V1);
    for (Action action :
        List.of(
            new Action.LinkProfile(Profile.ACTIVE, "tool", V1),
            new Action.LinkProfile(Profile.PASSIVE, "tool", V1),
            new Action.LinkRoot("tool", V1),
            new Action.LinkRunToProfile("tool", Profile.ACTIVE),
            new Action.SetGood("tool", V1))) {
      host.store().apply(action);
    }
    StoreReader.Contents contents = read();
    assertThat(contents.names()).containsOnlyKeys("tool");
    NameView tool = contents.names().get("tool");
    assertThat(tool.root()).contains(new Link.Image(V1));
    assertThat(tool.run()).contains(new Link.ViaProfile(Profile.ACTIVE));
    assertThat(tool.linkedForRun()).contains(V1);
    assertThat(tool.good()).contains(V1);
    assertThat(tool.profiles())
        .isEqualTo(Map.of(Profile.ACTIVE, new Link.Image(V1), Profile.PASSIVE, new Link.Image(V1)));
    assertThat(tool.foreign()).isEmpty();
    assertThat(contents.images()).containsOnlyKeys(V1);
    assertThat(contents.strays()).isEmpty();
    assertThat(contents.foreign()).isEmpty();
  }

  @Test
  void aTrialsRunLinkIsRead() throws IOException {
    host.store().apply(new Action.LinkRunToImage("tool", V1));
    assertThat(tool().run()).contains(new Link.Image(V1));
    assertThat(tool().linkedForRun()).contains(V1);
  }

  @ParameterizedTest
  @CsvSource({
    "active/tool.raw, ../.sysext-operator/images/DIGEST",
    "active/tool.raw, /var/lib/kairos/extensions/.sysext-operator/images/DIGEST",
    "active/tool.raw, ../active/../.sysext-operator/./images/DIGEST",
    "tool.raw, .sysext-operator/images/DIGEST",
  })
  void aLinkIntoImagesIsOursHoweverItIsWritten(String place, String target) throws IOException {
    host.link(EXTENSIONS + place, target.replace("DIGEST", V1));
    assertThat(tool().foreign()).isEmpty();
    assertThat(tool().images()).containsOnly(V1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../other.raw",
        "/var/lib/kairos/extensions/other.raw",
        "../.sysext-operator/images/latest",
        "../.sysext-operator/images/DIGEST.raw",
        "../.sysext-operator/images/sub/DIGEST",
        "../.sysext-operator/DIGEST",
        "../.sysext-operator/images",
        "../.sysext-operator/images/../../../../../etc/passwd",
        "../../.sysext-operator/images/DIGEST",
        "/.sysext-operator/images/DIGEST",
        "../../../../../../../../../DIGEST",
        "/",
        ".",
        "DIGEST"
      })
  void aLinkToAnywhereElseIsForeign(String target) throws IOException {
    host.link(EXTENSIONS + "active/tool.raw", target.replace("DIGEST", V1));
    assertThat(tool().foreign()).isPresent();
    assertThat(tool().images()).isEmpty();
    assertThat(tool().inProfile(Profile.ACTIVE)).isEmpty();
    assertThat(read().foreign()).isNotEmpty();
  }

  @Test
  void aDigestInCapitalsIsNone() throws IOException {
    host.link(EXTENSIONS + "active/tool.raw", "../.sysext-operator/images/" + "A".repeat(64));
    assertThat(tool().foreign()).isPresent();
  }

  @Test
  void linksAreReadAndNotFollowed() throws IOException {
    host.file("/elsewhere/image", "x").link(EXTENSIONS + "tool.raw", "/elsewhere/image");
    assertThat(tool().foreign().orElseThrow())
        .isEqualTo("the link /var/lib/kairos/extensions/tool.raw to /elsewhere/image");
  }

  @Test
  void filesAndFoldersAreForeignAndSayWhatTheyAre() throws IOException {
    host.file(EXTENSIONS + "file.raw", "x");
    Files.createDirectories(host.at(EXTENSIONS + "active/folder.raw"));
    assertThat(read().names().get("file").foreign())
        .contains("the file /var/lib/kairos/extensions/file.raw");
    assertThat(read().names().get("folder").foreign())
        .contains("the folder /var/lib/kairos/extensions/active/folder.raw");
    assertThat(unmanaged()).containsExactly("active/folder.raw", "file.raw");
  }

  @Test
  void aDanglingLinkOfOursIsOursAndItsImageIsNotThere() throws IOException {
    host.store().apply(new Action.LinkProfile(Profile.ACTIVE, "tool", V1));
    host.store().apply(new Action.LinkRunToProfile("tool", Profile.ACTIVE));
    StoreReader.Contents contents = read();
    assertThat(contents.names().get("tool").linkedForRun()).contains(V1);
    assertThat(contents.images()).isEmpty();
  }

  @Test
  void aRunLinkThroughAProfileLinkThatIsGoneIsOursAndLeadsNowhere() throws IOException {
    host.store().apply(new Action.LinkRunToProfile("tool", Profile.ACTIVE));
    assertThat(tool().hasOwnRunLink()).isTrue();
    assertThat(tool().linkedForRun()).isEmpty();
    assertThat(tool().foreign()).isEmpty();
  }

  @Test
  void aRunLinkThroughSomebodyElsesProfileLinkIsTheirs() throws IOException {
    host.file(EXTENSIONS + "theirs.raw", "x")
        .link(EXTENSIONS + "active/tool.raw", EXTENSIONS + "theirs.raw")
        .link("/run/extensions/tool.raw", EXTENSIONS + "active/tool.raw");
    assertThat(tool().hasOwnRunLink()).isFalse();
    assertThat(tool().foreign()).isPresent();
  }

  @Test
  void aRunLinkThroughAnotherNamesProfileLinkIsForeign() throws IOException {
    host.store().apply(new Action.LinkProfile(Profile.ACTIVE, "other", V1));
    host.link("/run/extensions/tool.raw", EXTENSIONS + "active/other.raw");
    assertThat(tool().hasOwnRunLink()).isFalse();
  }

  @Test
  void whatTheKairosAgentEnablesOfOursIsOurs() throws IOException {
    host.store().apply(new Action.LinkRoot("tool", V1));
    host.link(EXTENSIONS + "active/tool.raw", EXTENSIONS + "tool.raw");
    assertThat(tool().foreign()).isEmpty();
    assertThat(tool().inProfile(Profile.ACTIVE)).contains(V1);
    assertThat(tool().isLinked(Profile.ACTIVE, V1)).as("it is to be replaced").isFalse();
    assertThat(read().foreign()).isEmpty();

    host.store().apply(new Action.LinkProfile(Profile.ACTIVE, "tool", V1));
    assertThat(tool().isLinked(Profile.ACTIVE, V1)).isTrue();
    host.link(EXTENSIONS + "passive/tool.raw", EXTENSIONS + "tool.raw");
    host.store().apply(new Action.UnlinkProfile(Profile.PASSIVE, "tool"));
    assertThat(host.at(EXTENSIONS + "passive/tool.raw")).doesNotExist();
  }

  @Test
  void whatTheKairosAgentInstalledAndEnabledMayBeTheWantedImage() throws IOException {
    host.file(EXTENSIONS + "tool.raw", "x")
        .link(EXTENSIONS + "active/tool.raw", EXTENSIONS + "tool.raw")
        .link("/run/extensions/tool.raw", EXTENSIONS + "active/tool.raw");
    assertThat(tool().foreign()).isPresent();
    assertThat(tool().adoptable(List.of(Profile.ACTIVE))).containsExactly("tool.raw");
  }

  @Test
  void aLinkThroughARootThatIsNotOursIsLeftAlone() throws IOException {
    host.file(EXTENSIONS + "tool.raw", "x")
        .link(EXTENSIONS + "active/tool.raw", EXTENSIONS + "tool.raw");
    assertThatThrownBy(() -> host.store().apply(new Action.UnlinkProfile(Profile.ACTIVE, "tool")))
        .hasMessageContaining("not ours");
  }

  @Test
  void theKairosAgentsOwnExtensionIsShownOnceWithItsProfiles() throws IOException {
    host.file(EXTENSIONS + "theirs.raw", "x")
        .link(EXTENSIONS + "active/theirs.raw", EXTENSIONS + "theirs.raw")
        .link(EXTENSIONS + "common/theirs.raw", EXTENSIONS + "theirs.raw")
        .link("/run/extensions/theirs.raw", EXTENSIONS + "active/theirs.raw");
    assertThat(read().unmanaged(Set.of("theirs")))
        .containsExactly(
            new UnmanagedFile("theirs.raw", List.of(Profile.ACTIVE, Profile.COMMON), true));
    assertThat(read().unmanaged(Set.of())).extracting(UnmanagedFile::merged).containsExactly(false);
  }

  @Test
  void aRunLinkToSomewhereElseIsShownWithItsPath() throws IOException {
    host.link("/run/extensions/theirs.raw", "/opt/theirs.raw");
    assertThat(unmanaged()).containsExactly("/run/extensions/theirs.raw");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tool.sysext.raw", "active/tool.sysext.raw", "common/tool.sysext.raw"})
  void whatSystemdTakesForTheSameNameIsARival(String file) throws IOException {
    host.file(EXTENSIONS + file, "x");
    assertThat(tool().foreign()).contains("the file tool.sysext.raw");
    host.store().apply(new Action.LinkRoot("tool", V1));
    assertThat(tool().foreign()).contains("the file tool.sysext.raw");
    assertThat(read().names()).containsOnlyKeys("tool", "tool.sysext");
  }

  @Test
  void aHiddenNameIsReadAsImmucoreReadsIt() throws IOException {
    host.file(EXTENSIONS + "active/.hidden.raw", "x");
    assertThat(read().names()).containsOnlyKeys(".hidden");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tool.raw.part", "tool.img", "README", ".raw", "active/tool"})
  void whatHasNoNameWithTheEndingIsNoExtension(String file) throws IOException {
    host.file(EXTENSIONS + file, "x");
    assertThat(read().names()).isEmpty();
    assertThat(unmanaged()).isEmpty();
  }

  @Test
  void onlyRegularFilesNamedByADigestAreImages() throws IOException {
    host.image(V1)
        .file(OURS + "images/notes.txt", "x")
        .link(OURS + "images/" + Wanted.digest("link", "1"), "/etc/passwd");
    Files.createDirectory(host.layout().images().resolve(Wanted.digest("folder", "1")));
    assertThat(read().images()).containsOnlyKeys(V1);
  }

  @Test
  void goodLinksThatLeadElsewhereDoNotCount() throws IOException {
    host.link(OURS + "good/tool", "../images/" + V1)
        .link(OURS + "good/other", "/etc/passwd")
        .file(OURS + "good/file", "x");
    assertThat(read().names()).containsOnlyKeys("tool");
    assertThat(tool().good()).contains(V1);
  }

  @Test
  void leftoversOfInterruptedStepsAreStraysButFoldersAreNot() throws IOException {
    host.file(OURS + "staging/" + V1 + ".part", "half")
        .link(OURS + "links/active-tool.raw", "nowhere")
        .file(OURS + "staging/folder/file", "x");
    assertThat(read().strays()).containsExactly("links/active-tool.raw", "staging/" + V1 + ".part");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/var/lib/kairos/extensions",
        "/var/lib/kairos/extensions/active",
        "/var/lib/kairos/extensions/.sysext-operator/images",
        "/var/lib/kairos/extensions/.sysext-operator/good",
        "/var/lib/kairos/extensions/.sysext-operator/staging",
        "/run/extensions"
      })
  void aFolderThatIsALinkIsRefused(String folder) throws IOException {
    Path elsewhere = root.resolve("elsewhere");
    Files.move(host.at(folder), elsewhere);
    Files.createSymbolicLink(host.at(folder), elsewhere);
    assertThatThrownBy(this::read)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is a link");
  }

  @Test
  void aHostWithoutAnyFolderIsEmpty() throws IOException {
    StoreReader.Contents contents =
        new StoreReader(HostFolder.layout(root.resolve("nothing"))).read();
    assertThat(contents.names()).isEmpty();
    assertThat(contents.images()).isEmpty();
    assertThat(contents.unmanaged(Set.of())).isEmpty();
  }

  @Test
  void aFileInPlaceOfAFolderIsAnEmptyFolder() throws IOException {
    Files.delete(host.at(EXTENSIONS + "recovery"));
    host.file(EXTENSIONS + "recovery", "x").link(EXTENSIONS + "tool.raw", "x");
    assertThat(tool().profiles()).isEmpty();
  }

  @Test
  void atMostSixtyFourForeignFilesAreShown() throws IOException {
    for (int i : IntStream.range(0, 70).toArray()) {
      host.file(EXTENSIONS + "theirs-" + i + ".raw", "");
    }
    assertThat(unmanaged()).hasSize(64);
  }
}
