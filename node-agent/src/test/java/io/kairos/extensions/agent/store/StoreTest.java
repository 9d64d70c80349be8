package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.agent.plan.Wanted;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreTest {
  private static final String EXTENSIONS = "/var/lib/kairos/extensions/";
  private static final String V1 = Wanted.digest("tool", "1");
  private static final String V2 = Wanted.digest("tool", "2");

  @TempDir private Path root;
  private HostFolder host;
  private Store store;

  @BeforeEach
  void prepare() throws IOException {
    host = HostFolder.in(root);
    store = host.store();
  }

  static Stream<Action> links() {
    return Stream.concat(
        Stream.of(Profile.values()).map(p -> new Action.LinkProfile(p, "tool", V1)),
        Stream.of(
            new Action.LinkRoot("tool", V1),
            new Action.LinkRunToImage("tool", V1),
            new Action.LinkRunToProfile("tool", Profile.ACTIVE),
            new Action.SetGood("tool", V1)));
  }

  static Stream<Action> unlinks() {
    return Stream.concat(
        Stream.of(Profile.values()).map(p -> new Action.UnlinkProfile(p, "tool")),
        Stream.of(
            new Action.UnlinkRoot("tool"),
            new Action.UnlinkRun("tool"),
            new Action.UnsetGood("tool"),
            new Action.DeleteImage(V1),
            new Action.DeleteStray("staging/" + V1 + ".part")));
  }

  @ParameterizedTest
  @EnumSource(Profile.class)
  void aProfileLinkLeadsBesideItselfToTheImage(Profile profile) throws IOException {
    store.apply(new Action.LinkProfile(profile, "tool", V1));
    assertThat(host.entries())
        .isEqualTo(
            Map.of(EXTENSIONS + profile.text() + "/tool.raw", "../.sysext-operator/images/" + V1));
  }

  @Test
  void theRootLinkLeadsToTheImage() throws IOException {
    store.apply(new Action.LinkRoot("tool", V1));
    assertThat(host.entries())
        .isEqualTo(Map.of(EXTENSIONS + "tool.raw", ".sysext-operator/images/" + V1));
  }

  @Test
  void theRunLinkOfATrialLeadsToTheImageAsTheHostSeesIt() throws IOException {
    store.apply(new Action.LinkRunToImage("tool", V1));
    assertThat(host.entries())
        .isEqualTo(
            Map.of("/run/extensions/tool.raw", EXTENSIONS + ".sysext-operator/images/" + V1));
  }

  @ParameterizedTest
  @EnumSource(Profile.class)
  void theRunLinkLeadsToTheProfilesLinkAsImmucoreMakesIt(Profile profile) throws IOException {
    store.apply(new Action.LinkRunToProfile("tool", profile));
    assertThat(host.entries())
        .isEqualTo(Map.of("/run/extensions/tool.raw", EXTENSIONS + profile.text() + "/tool.raw"));
  }

  @Test
  void theGoodLinkHasNoEndingAndLeadsToTheImage() throws IOException {
    store.apply(new Action.SetGood("tool", V1));
    assertThat(host.entries())
        .isEqualTo(Map.of(EXTENSIONS + ".sysext-operator/good/tool", "../images/" + V1));
  }

  @ParameterizedTest
  @MethodSource("links")
  void aLinkThatIsThereAlreadyIsMadeAgainWithoutHarm(Action link) throws IOException {
    store.apply(link);
    Map<String, String> once = host.entries();
    store.apply(link);
    assertThat(host.entries()).isEqualTo(once);
  }

  @ParameterizedTest
  @MethodSource("unlinks")
  void whatIsNotThereIsTakenAwayWithoutHarm(Action unlink) throws IOException {
    store.apply(unlink);
    assertThat(host.entries()).isEmpty();
  }

  @Test
  void everyLinkIsTakenAwayAgain() throws IOException {
    for (Action link : links().toList()) {
      store.apply(link);
    }
    host.image(V1).file(EXTENSIONS + ".sysext-operator/staging/" + V1 + ".part", "half");
    for (Action unlink : unlinks().toList()) {
      store.apply(unlink);
    }
    assertThat(host.entries()).isEmpty();
  }

  @Test
  void aLinkMovesFromOneImageToTheNextAndIsNeverAway() throws Exception {
    store.apply(new Action.LinkProfile(Profile.ACTIVE, "tool", V1));
    Path place = host.at(EXTENSIONS + "active/tool.raw");
    AtomicBoolean away = new AtomicBoolean();
    AtomicBoolean strange = new AtomicBoolean();
    AtomicBoolean end = new AtomicBoolean();
    Thread watcher =
        new Thread(
            () -> {
              while (!end.get()) {
                away.compareAndSet(false, !Files.exists(place, LinkOption.NOFOLLOW_LINKS));
                String[] names = place.getParent().toFile().list();
                strange.compareAndSet(
                    false, names != null && !List.of(names).equals(List.of("tool.raw")));
              }
            });
    watcher.start();
    for (int i = 0; i < 200; i++) {
      store.apply(new Action.LinkProfile(Profile.ACTIVE, "tool", i % 2 == 0 ? V2 : V1));
    }
    end.set(true);
    watcher.join();
    assertThat(away).as("the link is there at every moment").isFalse();
    assertThat(strange).as("nothing else ever lies in a profile folder").isFalse();
  }

  @Test
  void whatAnInterruptedStepLeftIsInNobodysWay() throws IOException {
    host.link(EXTENSIONS + ".sysext-operator/links/active-tool.raw", "nowhere")
        .link("/run/extensions/.sysext-operator.link", "nowhere");
    store.apply(new Action.LinkProfile(Profile.ACTIVE, "tool", V1));
    store.apply(new Action.LinkRunToImage("tool", V1));
    assertThat(host.entries())
        .containsOnlyKeys(EXTENSIONS + "active/tool.raw", "/run/extensions/tool.raw");
  }

  @Test
  void recoveringClearsWhatACrashLeftInTheRunFolder() throws IOException {
    host.link("/run/extensions/.sysext-operator.link", "nowhere")
        .file(HostPaths.outputOnHost("a").toString(), "an answer that nobody read")
        .file(HostPaths.outputOnHost("b") + ".part", "an ans")
        .file("/run/extensions/.sysext-operator.json", "{}")
        .file("/run/extensions/.theirs.out", "theirs");
    store.prepare();
    host.layout().host().recover();
    assertThat(host.entries())
        .containsOnlyKeys("/run/extensions/.sysext-operator.json", "/run/extensions/.theirs.out");
    for (String folder :
        Set.of("active", "passive", "recovery", "common", ".sysext-operator/images")) {
      assertThat(host.at(EXTENSIONS + folder)).isDirectory();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"active/tool.raw", "tool.raw", ".sysext-operator/good/tool"})
  void aFileOfSomebodyElseThatCameSinceTheLastLookIsLeftAlone(String place) throws IOException {
    host.file(EXTENSIONS + place, "theirs").file("/run/extensions/tool.raw", "theirs");
    Map<String, String> before = host.entries();
    Stream.concat(links(), unlinks())
        .filter(action -> isAt(action, place))
        .forEach(
            action ->
                assertThatThrownBy(() -> store.apply(action))
                    .as("%s", action)
                    .isInstanceOf(FileAlreadyExistsException.class)
                    .hasMessageContaining("not ours"));
    assertThat(host.entries()).isEqualTo(before);
    assertThat(host.at(EXTENSIONS + place)).hasContent("theirs");
  }

  private static boolean isAt(Action action, String place) {
    boolean inActive =
        action.equals(new Action.LinkProfile(Profile.ACTIVE, "tool", V1))
            || action.equals(new Action.UnlinkProfile(Profile.ACTIVE, "tool"));
    boolean inRun =
        action instanceof Action.LinkRunToImage
            || action instanceof Action.LinkRunToProfile
            || action instanceof Action.UnlinkRun;
    return inRun
        || switch (place) {
          case "active/tool.raw" -> inActive;
          case "tool.raw" ->
              action instanceof Action.LinkRoot || action instanceof Action.UnlinkRoot;
          default -> action instanceof Action.SetGood || action instanceof Action.UnsetGood;
        };
  }

  @ParameterizedTest
  @ValueSource(strings = {"/etc/passwd", "../tool.raw", "../images/x", "../.sysext-operator/x"})
  void aLinkOfSomebodyElseIsLeftAlone(String target) throws IOException {
    host.link(EXTENSIONS + "active/tool.raw", target);
    assertThatThrownBy(() -> store.apply(new Action.LinkProfile(Profile.ACTIVE, "tool", V1)))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> store.apply(new Action.UnlinkProfile(Profile.ACTIVE, "tool")))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(host.target(EXTENSIONS + "active/tool.raw")).isEqualTo(target);
  }

  @Test
  void keepingADownloadIsOneRename() throws IOException {
    Path part = host.layout().staging().resolve(V1 + ".part");
    Files.writeString(part, "the bytes");
    store.keep(part, V1);
    assertThat(host.entries()).containsOnlyKeys(EXTENSIONS + ".sysext-operator/images/" + V1);
    assertThat(host.layout().images().resolve(V1)).hasContent("the bytes");
  }

  @Test
  void keepingReplacesADamagedImageUnderTheLinksThatLeadToIt() throws IOException {
    host.image(V1);
    store.apply(new Action.LinkRoot("tool", V1));
    Path part = host.layout().staging().resolve(V1 + ".part");
    Files.writeString(part, "whole again");
    store.keep(part, V1);
    assertThat(host.at(EXTENSIONS + "tool.raw")).hasContent("whole again");
  }

  @Test
  void aStepThatTheFileSystemRefusesChangesNothing() throws IOException {
    host.image(V1);
    store.apply(new Action.LinkProfile(Profile.ACTIVE, "tool", V1));
    Map<String, String> before = host.entries();
    Files.delete(host.layout().links());
    assertThatThrownBy(() -> store.apply(new Action.LinkProfile(Profile.ACTIVE, "tool", V2)))
        .isInstanceOf(FileSystemException.class);
    assertThat(host.entries()).isEqualTo(before);
  }

  @Test
  void aRefreshIsNoStepOfTheStore() {
    assertThatThrownBy(() -> store.apply(new Action.Refresh(Map.of(), Set.of())))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
