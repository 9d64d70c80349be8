package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.agent.plan.Link;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Wanted;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus.UnmanagedFile;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store of a host that is none of Kairos, in the eyes of systemd and of the plan. */
class SystemdLayoutTest {
  private static final String STORE = "/var/lib/sysext-operator/extensions/";
  private static final String LINK = "/var/lib/extensions/tool.raw";
  private static final String RUN = "/run/extensions/tool.raw";
  private static final String MASK = "/run/extensions/tool";
  private static final String MASKED = STORE + "masked/tool";
  private static final String MASK_FILE =
      MASKED + "/usr/lib/extension-release.d/extension-release.tool";
  private static final String V1 = Wanted.digest("tool", "1");
  private static final String V2 = Wanted.digest("tool", "2");
  private static final String IMAGE_1 = STORE + "images/" + V1;
  private static final String IMAGE_2 = STORE + "images/" + V2;

  @TempDir private Path root;
  private HostFolder host;
  private Store store;

  @BeforeEach
  void prepare() throws IOException {
    host = HostFolder.systemd(root, ExtensionClass.SYSEXT);
    store = host.store();
  }

  private void apply(Action... actions) throws IOException {
    for (Action action : actions) {
      store.apply(action);
    }
  }

  private NameView tool() throws IOException {
    return new StoreReader(host.layout()).read().names().getOrDefault("tool", NameView.NONE);
  }

  private static Action.LinkProfile enable(String sha256) {
    return new Action.LinkProfile(Profile.ACTIVE, "tool", sha256);
  }

  @Test
  void whatIsNewForTheNextBootIsLinkedForGoodAndHiddenUntilThen() throws IOException {
    apply(enable(V1), new Action.LinkRoot("tool", V1), new Action.SetGood("tool", V1));

    assertThat(host.entries())
        .isEqualTo(
            Map.of(
                LINK,
                IMAGE_1,
                STORE + "tool.raw",
                IMAGE_1,
                STORE + "good/tool",
                IMAGE_1,
                MASK,
                MASKED,
                MASK_FILE,
                ""));
    assertThat(host.at(MASK_FILE)).hasContent("ID=_hidden-until-the-next-boot");
    assertThat(tool().inProfile(Profile.ACTIVE)).contains(V1);
    assertThat(tool().run()).as("the next refresh does not merge it").isEmpty();
    assertThat(tool().foreign()).isEmpty();

    Files.delete(host.at(MASK)); // a boot
    assertThat(tool().run()).contains(new Link.ViaProfile(Profile.ACTIVE));
    assertThat(tool().linkedForRun()).contains(V1);
    store.prepare();
    assertThat(host.entries()).doesNotContainKey(MASK_FILE);
  }

  @Test
  void aTrialComesBeforeTheCommittedVersionAndGoesWithItsCommit() throws IOException {
    apply(enable(V1), new Action.LinkRunToProfile("tool", Profile.ACTIVE));
    assertThat(host.entries()).doesNotContainKeys(MASK, RUN);
    assertThat(tool().linkedForRun()).contains(V1);

    apply(new Action.LinkRunToImage("tool", V2));
    assertThat(host.target(RUN)).isEqualTo(IMAGE_2);
    assertThat(host.target(LINK)).isEqualTo(IMAGE_1);
    assertThat(tool().run()).contains(new Link.Image(V2));

    apply(enable(V2), new Action.LinkRunToProfile("tool", Profile.ACTIVE));
    assertThat(host.target(LINK)).isEqualTo(IMAGE_2);
    assertThat(host.at(RUN)).doesNotExist();
    assertThat(tool().linkedForRun()).contains(V2);
  }

  @Test
  void aCommitAfterATrialNeedsNoMask() throws IOException {
    apply(new Action.LinkRunToImage("tool", V1), enable(V1));
    assertThat(host.entries()).doesNotContainKey(MASK);
    assertThat(tool().run()).contains(new Link.Image(V1));
  }

  @Test
  void whatIsHiddenIsShownByATrial() throws IOException {
    apply(enable(V1), new Action.LinkRunToImage("tool", V2));
    store.prepare();
    assertThat(host.entries()).doesNotContainKeys(MASK, MASK_FILE);
    assertThat(tool().run()).contains(new Link.Image(V2));
  }

  @Test
  void whatTheRunFolderLosesStaysLinkedAndIsHidden() throws IOException {
    apply(enable(V1), new Action.LinkRunToProfile("tool", Profile.ACTIVE));
    apply(new Action.UnlinkRun("tool"));
    assertThat(tool().run()).isEmpty();
    assertThat(host.target(MASK)).isEqualTo(MASKED);

    apply(new Action.LinkRunToImage("tool", V2), new Action.UnlinkRun("tool"));
    assertThat(host.at(RUN)).doesNotExist();
    assertThat(host.target(MASK)).isEqualTo(MASKED);
  }

  @Test
  void aRemovalLeavesNothing() throws IOException {
    apply(enable(V1), new Action.LinkRoot("tool", V1));
    apply(
        new Action.UnlinkProfile(Profile.ACTIVE, "tool"),
        new Action.UnlinkRun("tool"),
        new Action.UnlinkRoot("tool"));
    store.prepare();
    assertThat(host.entries()).isEmpty();
  }

  @Test
  void whatIsLeftOfStepsThatWereCutOffIsTidiedUp() throws IOException {
    host.link("/var/lib/extensions/.sysext-operator.link", IMAGE_1).link(MASK, MASKED);
    store.prepare();
    assertThat(host.entries()).as("hides nothing").isEmpty();

    apply(enable(V1));
    host.link(RUN, IMAGE_2);
    store.prepare();
    assertThat(host.entries()).as("shown by a trial").doesNotContainKey(MASK);
  }

  @Test
  void configurationExtensionsHaveAStoreAndMasksOfTheirOwn() throws IOException {
    host = HostFolder.systemd(root, ExtensionClass.CONFEXT);
    store = host.store();
    apply(enable(V1));
    String own = "/var/lib/sysext-operator/confexts/";
    assertThat(host.entries())
        .isEqualTo(
            Map.of(
                "/var/lib/confexts/tool.raw",
                own + "images/" + V1,
                "/run/confexts/tool",
                own + "masked/tool",
                own + "masked/tool/etc/extension-release.d/extension-release.tool",
                ""));
  }

  @Test
  void filesOfOthersAreShownAndNeverTouched() throws IOException {
    host.file(LINK, "theirs").file("/var/lib/extensions/other.raw", "theirs, too");
    StoreReader.Contents found = new StoreReader(host.layout()).read();
    assertThat(found.unmanaged(Set.of("other")))
        .containsExactly(
            new UnmanagedFile("/var/lib/extensions/other.raw", List.of(Profile.ACTIVE), true),
            new UnmanagedFile(LINK, List.of(Profile.ACTIVE), false));
    assertThat(tool().foreign()).contains("the file " + LINK);

    for (Action action : List.of(enable(V1), new Action.UnlinkProfile(Profile.ACTIVE, "tool"))) {
      assertThatThrownBy(() -> store.apply(action))
          .isInstanceOf(FileAlreadyExistsException.class)
          .hasMessageContaining("left alone");
    }
    assertThat(host.at(LINK)).hasContent("theirs");
    store.prepare();
    assertThat(host.at(MASK)).as("nothing of theirs stays hidden").doesNotExist();
  }

  @Test
  void aFolderOfOthersUnderTheNameIsAConflict() throws IOException {
    for (String folder :
        List.of(
            "/var/lib/extensions/tool",
            "/run/extensions/tool",
            "/var/lib/extensions/tool.raw.v",
            "/var/lib/extensions/tool.v")) {
      Files.createDirectories(host.at(folder));
      assertThat(tool().foreign()).as(folder).contains("the folder " + folder);
      assertThat(tool().adoptable(List.of(Profile.ACTIVE))).isEmpty();
      assertThat(new StoreReader(host.layout()).read().unmanaged(Set.of("tool")))
          .extracting(UnmanagedFile::file)
          .containsExactly(folder);
      Files.delete(host.at(folder));
    }
    Files.createDirectories(host.at("/opt/tool"));
    host.link("/var/lib/extensions/tool", "/opt/tool");
    assertThat(tool().foreign()).as("a link to one").isPresent();
  }

  @Test
  void whatSystemdTakesNoNoticeOfIsNoConflict() throws IOException {
    host.link("/run/extensions/tool", "/nowhere")
        .link("/var/lib/extensions/tool", "/dev/null")
        .file("/var/lib/extensions/tool.txt", "");
    assertThat(tool()).isEqualTo(NameView.NONE);
  }

  @Test
  void aMaskNeverTakesThePlaceOfAFolder() throws IOException {
    Files.createDirectories(host.at(MASK));
    assertThatThrownBy(() -> store.apply(enable(V1)))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(host.at(LINK)).doesNotExist();
  }

  @Test
  void anIdenticalFileIsCopiedAndReplacedByALink() throws Exception {
    byte[] content = "the image".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    String sha256 = io.kairos.extensions.agent.fetch.Images.sha256(content);
    host.file(LINK, "the image");
    assertThat(tool().adoptable(List.of(Profile.ACTIVE))).containsExactly(LINK);

    assertThat(new Adoption(host.layout(), store).adopt(sha256, Set.of(LINK))).isEmpty();

    assertThat(host.entries())
        .isEqualTo(Map.of(LINK, STORE + "images/" + sha256, STORE + "images/" + sha256, ""));
    assertThat(host.at(STORE + "images/" + sha256)).hasBinaryContent(content);
    assertThat(tool().linkedForRun()).as("merged as before").contains(sha256);
  }

  @Test
  void theStoreIsWatchedAndSoIsTheFolderThatSystemdLooksInto() {
    assertThat(host.layout().watched())
        .contains(host.at("/var/lib/extensions"), host.at(STORE), host.at("/run/extensions"));
  }
}
