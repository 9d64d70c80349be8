package io.kairos.extensions.api.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Who upgrades from the last release loses nothing. The last release is the newest tag {@code v…}
 * before this commit; without one (no release yet, or a clone without tags) {@code crds/baseline},
 * which is written anew by {@code -Dcrds.baseline=true}.
 */
class ReleasedCrdsTest {
  private static final Path COMMITTED = Path.of("src/main/resources/crds");
  private static final Path BASELINE = Path.of("baseline");

  /**
   * What was broken on purpose since the last release, and why it hurts nobody; to be emptied by
   * it.
   */
  private static final List<String> ACCEPTED = List.of();

  @Test
  void everyDefinitionTakesWhatTheLastReleaseTook() throws IOException, InterruptedException {
    Optional<String> tag = lastRelease();
    if (tag.isEmpty() && Boolean.getBoolean("crds.baseline")) {
      for (Path file : files(COMMITTED)) {
        Files.copy(
            file,
            BASELINE.resolve(file.getFileName()),
            java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      }
    }
    List<String> broken = new ArrayList<>();
    for (Path file : files(BASELINE)) {
      String name = file.getFileName().toString();
      String before =
          tag.isPresent()
              ? git("show", tag.get() + ":crds/src/main/resources/crds/" + name).orElse("")
              : Files.readString(file);
      if (before.isEmpty()) {
        continue; // a kind that the release did not have
      }
      Path now = COMMITTED.resolve(name);
      JsonNode after = new YAMLMapper().readTree(Files.exists(now) ? Files.readString(now) : "{}");
      CrdChanges.between(new YAMLMapper().readTree(before), after)
          .forEach(change -> broken.add(name + " " + change));
    }

    assertThat(broken)
        .as("broken since " + tag.orElse("the baseline in crds/baseline"))
        .containsExactlyInAnyOrderElementsOf(ACCEPTED);
  }

  @Test
  void thereIsABaselineOfEachDefinition() throws IOException {
    assertThat(files(BASELINE).stream().map(Path::getFileName))
        .containsAll(files(COMMITTED).stream().map(Path::getFileName).toList());
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static Optional<String> lastRelease() throws InterruptedException {
    return git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^");
  }

  private static Optional<String> git(String... arguments) throws InterruptedException {
    List<String> command = new ArrayList<>(List.of("git"));
    command.addAll(List.of(arguments));
    try {
      Process git =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return git.waitFor() == 0
          ? Optional.of(output.strip()).filter(text -> !text.isEmpty())
          : Optional.empty();
    } catch (IOException noGit) {
      return Optional.empty();
    }
  }
}
