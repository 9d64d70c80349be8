package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The host's OS is upgraded: its passive entry boots the one before from then on. */
class UpgradedHostTest extends AgentScenario {
  private static final String BEFORE = "3.5";
  private static final String AFTER = "3.6";
  private static final String PASSIVE = ToolImages.EXTENSIONS + "passive/tool.raw";
  private static final String ACTIVE = ToolImages.EXTENSIONS + "active/tool.raw";
  private static final String ENTRIES = ToolImages.EXTENSIONS + ".sysext-operator/entries.json";

  private static final String PROVEN = ToolImages.EXTENSIONS + ".sysext-operator/proven.json";

  private int boots;

  private static Assignment inBoth(Assignment plain) {
    return plain.toBuilder()
        .target(
            plain.target().toBuilder().profiles(List.of(Profile.ACTIVE, Profile.PASSIVE)).build())
        .build();
  }

  /** An image for one version of the system. */
  private static byte[] madeFor(String system) {
    byte[] image = Images.demo();
    image[1024 + 8] &= ~1; // its superblock has no checksum
    String fitsAll = "ID=_any\nARCHITECTURE=x86-64\n";
    String fitsOne = "ID=kairos\nVERSION_ID=" + system + "\n\n\n\n";
    String text = new String(image, StandardCharsets.ISO_8859_1);
    return text.replace(fitsAll, fitsOne).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String sha256(String system) {
    return Images.sha256(madeFor(system));
  }

  private void wantsOneFor(String system) throws IOException {
    want(inBoth(tool.of(madeFor(system), Activation.LIVE)));
  }

  private void boots(String system) throws IOException {
    agent.close();
    host.system(system);
    host.boot();
    Files.writeString(folder.layout().host().bootId(), "boot-" + ++boots);
    start();
    await().untilAsserted(() -> assertThat(status().host().bootId()).isEqualTo("boot-" + boots));
  }

  private void assertLinked(String place, String sha256) throws IOException {
    assertThat(folder.target(place)).endsWith("/images/" + sha256);
  }

  private void installed() throws IOException {
    wantsOneFor(BEFORE);
    start();
    awaitPhase(Phase.ACTIVE, 1);
    assertLinked(PASSIVE, sha256(BEFORE));
  }

  @Test
  void whatDoesNotFitTheNewSystemStaysForTheOneBefore() throws Exception {
    installed();

    boots(AFTER);

    awaitPhase(Phase.INCOMPATIBLE, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.OS_MISMATCH);
    assertThat(folder.at(ACTIVE)).isSymbolicLink(); // it is merged, and stays until the next boot
    assertLinked(PASSIVE, sha256(BEFORE));
  }

  @Test
  void whatIsMadeForTheNewSystemDoesNotGetToTheOneBefore() throws Exception {
    installed();
    boots(AFTER);
    awaitPhase(Phase.INCOMPATIBLE, 1);

    String sha256 = sha256(AFTER);
    wantsOneFor(AFTER);

    await()
        .untilAsserted(
            () -> {
              assertThat(entry().orElseThrow().phase()).isEqualTo(Phase.ACTIVE);
              assertThat(entry().orElseThrow().sha256()).isEqualTo(sha256);
            });
    assertLinked(ACTIVE, sha256);
    assertLinked(PASSIVE, sha256(BEFORE));
    assertThat(entry().orElseThrow().message())
        .isEqualTo(
            "passive/ is left as it is, as its entry boots kairos 3.5: its VERSION_ID is '3.6', that"
                + " system's is '3.5'");

    boots(AFTER);
    await()
        .untilAsserted(
            () -> {
              assertThat(host.merged()).containsEntry("tool", sha256);
              assertThat(entry().orElseThrow().message()).startsWith("passive/ is left as it is");
            });
    assertLinked(PASSIVE, sha256(BEFORE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "{\"active\": null}",
        "{\"active\": {\"system\": null}}",
        "{\"passive\": {\"system\": {\"osRelease\": null}}}",
        "{\"common\": {\"system\": {\"osRelease\": {\"ID\": \"arch\"}}, \"bootedLast\": true}}",
        "{\"nowhere\": {\"system\": {\"osRelease\": {}}}}"
      })
  void aNoteThatSaysNothingIsWrittenAnew(String torn) throws Exception {
    installed();
    Path note = folder.at(ENTRIES);
    await().until(() -> Files.exists(note));
    String right = Files.readString(note);
    agent.close();
    Files.writeString(note, torn);

    start();

    await().untilAsserted(() -> assertThat(note).hasContent(right));
    awaitPhase(Phase.ACTIVE, 1);
  }

  @Test
  void aVersionThatFitsBothSystemsProvesItselfOnEach() throws Exception {
    want(inBoth(tool.live(1)));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    Path note = folder.at(PROVEN);
    await().untilAsserted(() -> assertThat(note).content().contains(BEFORE, "_any"));

    boots(AFTER);

    await().untilAsserted(() -> assertThat(note).content().contains(BEFORE, AFTER, "_any"));
    awaitPhase(Phase.ACTIVE, 1);
    assertLinked(PASSIVE, tool.sha256(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "{\"tool\": null}",
        "{\"tool\": {\"systems\": null, \"release\": {}}}",
        "{\"tool x\": {\"systems\": [], \"release\": {}}}",
        "{\"\": {\"systems\": [{\"osRelease\": {}}], \"release\": null}}"
      })
  void aNoteOfWhatIsProvenThatSaysNothingIsWrittenAnew(String torn) throws Exception {
    installed();
    Path note = folder.at(PROVEN);
    await().untilAsserted(() -> assertThat(note).content().contains(sha256(BEFORE)));
    agent.close();
    Files.writeString(note, torn);

    start();

    await()
        .untilAsserted(
            () ->
                assertThat(note)
                    .content()
                    .contains("tool " + sha256(BEFORE), BEFORE)
                    .doesNotContain("null", "tool x"));
    awaitPhase(Phase.ACTIVE, 1);
    assertLinked(PASSIVE, sha256(BEFORE));
  }
}
