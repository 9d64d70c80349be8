package io.kairos.extensions.e2e.chart;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The chart that is upgraded from: of the newest tag {@code v…} before this commit, or, as long as
 * there is no release, of the commit that brought the chart.
 *
 * @param label what it is, for a person
 */
public record PreviousChart(String label, Chart chart) {
  private static final String FOLDER = "charts/sysext-operator";

  /**
   * Takes it out of Git.
   *
   * @param folder for its files
   * @return nothing in a source without a history
   */
  public static Optional<PreviousChart> find(Path folder) throws IOException, InterruptedException {
    Optional<String> tag = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^");
    Optional<String> commit =
        tag.isPresent()
            ? tag
            : git("log", "--diff-filter=A", "--format=%h", "--", FOLDER + "/Chart.yaml")
                .map(commits -> commits.substring(commits.lastIndexOf('\n') + 1));
    if (commit.isEmpty()) {
      return Optional.empty();
    }
    Path archive = folder.resolve("chart.tar");
    Files.createDirectories(folder);
    git("archive", "--output=" + archive, commit.get(), FOLDER);
    Process tar =
        new ProcessBuilder("tar", "-xf", archive.toString(), "-C", folder.toString())
            .inheritIO()
            .start();
    if (tar.waitFor() != 0) {
      throw new IOException("cannot unpack the chart of " + commit.get());
    }
    return Optional.of(
        new PreviousChart(
            (tag.isPresent() ? "release " : "commit ") + commit.get(),
            Chart.at(folder.resolve(FOLDER))));
  }

  private static Optional<String> git(String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("git", "-C", Chart.repository().toString()));
    command.addAll(List.of(arguments));
    Process git =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String output = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return git.waitFor() == 0
        ? Optional.of(output.strip()).filter(text -> !text.isEmpty())
        : Optional.empty();
  }
}
