package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.fleet.ClassPath;
import io.kairos.extensions.e2e.fleet.Installation;
import io.kairos.extensions.e2e.fleet.RunningAgent;
import io.kairos.extensions.e2e.host.Folders;
import io.kairos.extensions.e2e.host.TestHost;
import io.kairos.extensions.operator.OperatorConfig;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Runs agents that can be told to stop for good at a named step: the product's classes, started by
 * {@code SteppedAgentMain} of the tests of node-agent, which says what is in the folder that both
 * sides share.
 */
final class SteppedAgents implements Installation {
  private static final String MAIN = "io.kairos.extensions.agent.crash.SteppedAgentMain";
  private static final Path TESTS_OF_AGENT = Path.of("../node-agent/target/test-classes");

  private final Installation plain;
  private final Path folder;
  private final ClassArchive classes;
  private Optional<RunningAgent> last = Optional.empty();

  SteppedAgents(TestCluster cluster) throws IOException {
    assertThat(TESTS_OF_AGENT.resolve(MAIN.replace('.', '/') + ".class"))
        .as("compile the tests of node-agent first: mvn -pl node-agent test-compile")
        .exists();
    this.plain = Installation.byAdministrator(cluster);
    this.folder = Files.createTempDirectory("sysext-steps-");
    List<Path> classPath =
        Stream.concat(
                Stream.of(ClassPath.current().split(File.pathSeparator, -1)).map(Path::of),
                Stream.of(TESTS_OF_AGENT.toAbsolutePath().normalize()))
            .filter(Files::exists)
            .toList();
    this.classes = new ClassArchive(Files.createDirectory(folder.resolve("classes")), classPath);
  }

  @Override
  public OperatorConfig operatorConfig() {
    return plain.operatorConfig();
  }

  @Override
  public Config operator() {
    return plain.operator();
  }

  @Override
  public Config agent(String node) {
    return plain.agent(node);
  }

  @Override
  public Path agentKubeconfig(String node) {
    return plain.agentKubeconfig(node);
  }

  @Override
  public RunningAgent startAgent(TestHost host, Map<String, String> settings, Path log)
      throws IOException {
    Map<String, String> all = new HashMap<>(settings);
    all.put("STEPS_FOLDER", folder.toString());
    all.put("STEPS_KAIROS", String.valueOf(host.kairos()));
    List<String> program = new ArrayList<>(classes.options());
    program.add(MAIN);
    RunningAgent agent =
        RunningAgent.process(host, agentKubeconfig(host.name()), all, log, program);
    last = Optional.of(agent);
    return agent;
  }

  /** Ends the agent that was started last, in good order: those after it start quickly. */
  void endLast() {
    write("end", "");
    await("the agent to end")
        .atMost(World.PATIENCE)
        .until(() -> last.filter(RunningAgent::isAlive).isEmpty());
    delete("end");
  }

  /** From now on the agent stops at the step, {@code BEFORE} or {@code AFTER} it. */
  void aim(String where) {
    write("aim", where);
  }

  private void write(String file, String content) {
    try {
      Path fresh = folder.resolve(file + ".new");
      Files.writeString(fresh, content);
      Files.move(fresh, folder.resolve(file), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes the aim, and where an agent stood, away. */
  void clear() {
    delete("aim", "struck", "trace");
  }

  /** Takes the aim away. */
  void aimNoMore() {
    delete("aim");
  }

  /** Nothing goes wrong at the gate any more, and nothing did. */
  void forgetFaults() {
    delete("faults", "noticed");
  }

  private void delete(String... files) {
    try {
      for (String file : files) {
        Files.deleteIfExists(folder.resolve(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What shall go wrong at the gate, each line as {@code GateFaults} of node-agent's tests says.
   */
  void order(List<String> faults) {
    write("faults", String.join("\n", faults));
  }

  /** What was ordered. */
  List<String> ordered() {
    return lines("faults");
  }

  /** What went wrong on the host, as agents saw it. */
  List<String> noticed() {
    return lines("noticed");
  }

  /** Where the agent stands, if it does. */
  Optional<String> struck() {
    return read("struck");
  }

  /** The steps that agents have taken since this was cleared last, in order. */
  List<String> trace() {
    return lines("trace");
  }

  private List<String> lines(String file) {
    return read(file).map(content -> content.lines().toList()).orElse(List.of());
  }

  private Optional<String> read(String file) {
    try {
      return Optional.of(Files.readString(folder.resolve(file)));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Leaves nothing. */
  void delete() {
    try {
      Folders.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
