package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.agent.plan.Wanted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LedgerTest {
  private static final String V1 = Wanted.digest("tool", "1");
  private static final String V2 = Wanted.digest("tool", "2");

  @TempDir private Path root;
  private HostFolder host;

  @BeforeEach
  void prepare() throws IOException {
    host = HostFolder.in(root);
    link(V1);
  }

  private void link(String sha256) throws IOException {
    host.store().apply(new Action.LinkRunToImage("tool", sha256));
  }

  private Map<String, Optional<String>> look(String merge, String... names) throws IOException {
    return new Ledger(host.layout())
        .images(merge, Set.of(names), new StoreReader(host.layout()).read().names());
  }

  @Test
  void theFirstLookAtAMergeTakesWhatTheRunLinksLeadTo() throws IOException {
    assertThat(look("usr.mount=1", "tool")).isEqualTo(Map.of("tool", Optional.of(V1)));
  }

  @Test
  void aMergeKeepsItsImagesWhileLinksMoveOn() throws IOException {
    look("usr.mount=1", "tool");
    link(V2);
    assertThat(look("usr.mount=1", "tool")).containsEntry("tool", Optional.of(V1));
    host.store().apply(new Action.UnlinkRun("tool"));
    assertThat(look("usr.mount=1", "tool")).containsEntry("tool", Optional.of(V1));
  }

  @Test
  void anotherMergeIsLookedAtAnew() throws IOException {
    look("usr.mount=1", "tool");
    link(V2);
    assertThat(look("usr.mount=2", "tool")).containsEntry("tool", Optional.of(V2));
  }

  @Test
  void whatIsLinkedButNotMergedIsNotMerged() throws IOException {
    assertThat(look("")).isEmpty();
    assertThat(look("usr.mount=1", "other")).isEqualTo(Map.of("other", Optional.empty()));
  }

  @Test
  void whereNothingIsMergedNothingIsNoted() throws IOException {
    look("");
    assertThat(host.layout().ledger()).doesNotExist();
    look("usr.mount=1", "tool");
    assertThat(host.layout().ledger()).isRegularFile();
    look("");
    assertThat(host.layout().ledger()).doesNotExist();
  }

  @Test
  void theMergeOfNothingDoesNotRememberForTheNextMerge() throws IOException {
    look("");
    assertThat(look("usr.mount=1", "tool")).containsEntry("tool", Optional.of(V1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "{}",
        "[]",
        "null",
        "{\"merge\":\"usr.mount=1\"}",
        "{\"merge\":\"usr.mount=1\",\"im"
      })
  void aTornNoteIsAsGoodAsNone(String torn) throws IOException {
    Files.writeString(host.layout().ledger(), torn);
    assertThat(look("usr.mount=1", "tool")).containsEntry("tool", Optional.of(V1));
    link(V2);
    assertThat(look("usr.mount=1", "tool")).containsEntry("tool", Optional.of(V1));
  }

  @Test
  void theNoteIsNoExtensionToAnybody() throws IOException {
    look("usr.mount=1", "tool");
    assertThat(host.entries())
        .containsKey("/run/extensions/.sysext-operator.json")
        .doesNotContainKey("/run/extensions/.sysext-operator.json.part");
    assertThat(new StoreReader(host.layout()).read().names()).containsOnlyKeys("tool");
  }
}
