package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.agent.plan.Link;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real files. */
class AdoptionTest {
  private static final String EXTENSIONS = "/var/lib/kairos/extensions/";
  private static final String CONTENT = "the bytes of an image";
  private static final String SHA256 = Images.sha256(CONTENT.getBytes(StandardCharsets.UTF_8));
  private static final List<Profile> ACTIVE = List.of(Profile.ACTIVE);

  @TempDir private java.nio.file.Path root;
  private HostFolder host;
  private Adoption adoption;

  @BeforeEach
  void prepare() throws IOException {
    host = HostFolder.in(root);
    adoption = new Adoption(host.layout(), host.store());
  }

  private NameView tool() throws IOException {
    return new StoreReader(host.layout()).read().names().get("tool");
  }

  private Object inode(String onHost) throws IOException {
    return Files.getAttribute(host.at(onHost), "unix:ino");
  }

  private String image() {
    return EXTENSIONS + ".sysext-operator/images/" + SHA256;
  }

  /** A sync that gives way to another image says nothing about the file. */
  @Test
  void anAdoptionThatIsGivenUpIsNoConflict() throws Exception {
    host.file(EXTENSIONS + "tool.raw", CONTENT);
    assertThat(adoption.adopt("f".repeat(64), Set.of("tool.raw")))
        .isPresent(); // its digest is known
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> adoption.adopt(SHA256, Set.of("tool.raw")))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
    assertThat(adoption.adopt(SHA256, Set.of("tool.raw"))).isEmpty();
  }

  @Test
  void anIdenticalFileGetsASecondNameAndKeepsItsOwn() throws Exception {
    host.file(EXTENSIONS + "tool.raw", CONTENT);
    Object inode = inode(EXTENSIONS + "tool.raw");
    assertThat(tool().adoptable(ACTIVE)).containsExactly("tool.raw");

    assertThat(adoption.adopt(SHA256, tool().adoptable(ACTIVE))).isEmpty();

    assertThat(host.entries()).isEqualTo(Map.of(EXTENSIONS + "tool.raw", "", image(), ""));
    assertThat(inode(image())).isEqualTo(inode);
    assertThat(tool().root()).contains(new Link.Adopted(SHA256));
    assertThat(tool().foreign()).isEmpty();
    assertThat(tool().adopted()).containsExactly(SHA256);
    assertThat(new StoreReader(host.layout()).read().unmanaged(Set.of())).isEmpty();
  }

  @Test
  void itsOwnNameIsThenReplacedByALinkAndTheContentStays() throws Exception {
    host.file(EXTENSIONS + "active/tool.raw", CONTENT).file(EXTENSIONS + "tool.raw", CONTENT);
    assertThat(adoption.adopt(SHA256, tool().adoptable(ACTIVE))).isEmpty();
    assertThat(tool().inProfile(Profile.ACTIVE)).contains(SHA256);
    assertThat(tool().isLinked(Profile.ACTIVE, SHA256)).isFalse();

    host.store().apply(new Action.LinkProfile(Profile.ACTIVE, "tool", SHA256));
    host.store().apply(new Action.LinkRoot("tool", SHA256));

    assertThat(host.entries())
        .isEqualTo(
            Map.of(
                EXTENSIONS + "tool.raw",
                ".sysext-operator/images/" + SHA256,
                EXTENSIONS + "active/tool.raw",
                "../.sysext-operator/images/" + SHA256,
                image(),
                ""));
    assertThat(host.at(image())).hasContent(CONTENT);
  }

  @Test
  void aFileBesideAnImageThatIsThereAlreadyBecomesAnotherNameOfIt() throws Exception {
    Files.writeString(host.layout().images().resolve(SHA256), CONTENT);
    host.file(EXTENSIONS + "tool.raw", CONTENT);
    assertThat(adoption.adopt(SHA256, Set.of("tool.raw"))).isEmpty();
    assertThat(inode(EXTENSIONS + "tool.raw")).isEqualTo(inode(image()));
    assertThat(host.at(EXTENSIONS + "tool.raw")).hasContent(CONTENT);
    assertThat(host.entries()).containsOnlyKeys(EXTENSIONS + "tool.raw", image());
  }

  @Test
  void oneThatDiffersIsAConflictAndNoneIsTouched() throws Exception {
    host.file(EXTENSIONS + "active/tool.raw", CONTENT).file(EXTENSIONS + "tool.raw", "another");
    Map<String, String> before = host.entries();
    Optional<Staged.NotStaged> conflict = adoption.adopt(SHA256, tool().adoptable(ACTIVE));
    assertThat(conflict)
        .hasValueSatisfying(
            c -> {
              assertThat(c.reason()).isEqualTo(Reasons.FOREIGN_FILE);
              assertThat(c.message()).contains(EXTENSIONS + "tool.raw", SHA256);
            });
    assertThat(host.entries()).isEqualTo(before);
    host.file(EXTENSIONS + "tool.raw", CONTENT);
    assertThat(adoption.adopt(SHA256, tool().adoptable(ACTIVE))).as("once it is right").isEmpty();
  }

  @Test
  void aLinkOfSomebodyElseAFolderAndAFileWhereNoneIsWantedAreNeverAdopted() throws Exception {
    host.file("/elsewhere", CONTENT).link(EXTENSIONS + "tool.raw", "/elsewhere");
    assertThat(tool().adoptable(ACTIVE)).isEmpty();
    Files.delete(host.at(EXTENSIONS + "tool.raw"));
    host.file(EXTENSIONS + "passive/tool.raw", CONTENT);
    assertThat(tool().adoptable(ACTIVE)).isEmpty();
    assertThat(tool().adoptable(List.of(Profile.PASSIVE))).containsExactly("passive/tool.raw");
    host.file("/run/extensions/tool.raw", CONTENT);
    assertThat(tool().adoptable(List.of(Profile.PASSIVE))).isEmpty();
    Files.delete(host.at("/run/extensions/tool.raw"));
    host.file(EXTENSIONS + "tool.sysext.raw", CONTENT);
    assertThat(tool().adoptable(List.of(Profile.PASSIVE))).as("a rival").isEmpty();
  }

  @Test
  void aRunLinkToAFileThatMayBeAdoptedIsNoObstacle() throws Exception {
    host.file(EXTENSIONS + "active/tool.raw", CONTENT)
        .link("/run/extensions/tool.raw", EXTENSIONS + "active/tool.raw");
    assertThat(tool().foreign()).isPresent();
    assertThat(adoption.adopt(SHA256, tool().adoptable(ACTIVE))).isEmpty();
    assertThat(tool().foreign()).isEmpty();
    assertThat(tool().run()).contains(new Link.ViaProfile(Profile.ACTIVE));
  }

  @Test
  void whatIsGoneByThenIsNoConflict() throws Exception {
    assertThat(adoption.adopt(SHA256, Set.of("tool.raw"))).isEmpty();
    assertThat(host.entries()).isEmpty();
  }
}
