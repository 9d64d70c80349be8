package io.kairos.extensions.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.e2e.chart.AgentPods;
import io.kairos.extensions.e2e.chart.InstalledChart;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.KubeApiBinaries;
import io.kairos.extensions.e2e.cluster.KubeApiTestCluster;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BaseRoot;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.scenario.World;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The images, built, unpacked from their archives, and run; or, with {@code -Dimages.built=FOLDER},
 * the archives that are there, so that what is published is what was run.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ImagesTest {
  private static final Path JDK = Path.of(System.getProperty("images.jdk"));

  private final Path repository = BuildImages.repository();
  private Path folder;
  private OciArchive operator;
  private OciArchive agent;

  @BeforeAll
  void build(@TempDir Path temporary) throws IOException, InterruptedException {
    List<String> reasons = new ArrayList<>();
    if (!ImagePod.isPossible()) {
      reasons.add("it takes root on Linux");
    }
    if (!(KubeApiBinaries.find(Effort.CACHED_ONLY, progress -> {})
        instanceof KubeApiBinaries.Available)) {
      reasons.add("no kube-apiserver to train on");
    }
    if (!Files.isExecutable(JDK.resolve("bin/jlink"))) {
      reasons.add("no JDK 25 at " + JDK + " (-Dimages.jdk=…)");
    }
    if (!Files.isDirectory(repository.resolve("operator/target/lib"))) {
      reasons.add("no jars: it takes mvn verify, or install before");
    }
    if (!reasons.isEmpty()) {
      RunReport.ofThisBuild().record("aborted", "images: " + String.join("; ", reasons));
      abort(String.join("; ", reasons));
    }
    folder = temporary;
    String built = System.getProperty("images.built", "");
    Path images = built.isEmpty() ? folder.resolve("images") : Path.of(built);
    if (built.isEmpty()) {
      BuildImages.build(
          JDK,
          repository,
          "1.2.3",
          images,
          new PrintStream(System.out, true, StandardCharsets.UTF_8));
    }
    operator =
        OciArchive.unpack(
            BuildImages.archive(images, Program.OPERATOR), folder.resolve("operator"));
    agent = OciArchive.unpack(BuildImages.archive(images, Program.AGENT), folder.resolve("agent"));
    RunReport.ofThisBuild().record("images", "built and run for " + operator.architecture());
  }

  @Test
  void bothProgramsWorkInTheirImagesAndStartFromTheirTraining()
      throws IOException, InterruptedException {
    try (Api api = Api.start(folder.resolve("api"))) {
      Story story = new Story(api);
      try (ImagePod planning = start(story, Program.OPERATOR, operator);
          ImagePod looking = start(story, Program.AGENT, agent)) {
        story.awaitReady(Program.OPERATOR, planning);
        story.begin();
        story.awaitAssigned(planning);
        story.awaitReported(looking);
        planning.end(30);
        looking.end(30);
        assertThat(planning.said()).contains("leading").doesNotContain("[warning]", "[error]");
        assertThat(looking.said()).doesNotContain("[warning]", "[error]");
      }
    }
  }

  /** With a JVM that ends when it cannot use what the training run left. */
  private ImagePod start(Story story, Program program, OciArchive image) throws IOException {
    return story.start(
        program,
        image.overlay(),
        List.of(),
        List.of(image.entrypoint().get(1), "-XX:AOTMode=on"),
        folder.resolve(program.image() + ".log"));
  }

  @Test
  void theAgentInItsImageDoesItsWorkOnAHost() throws IOException, InterruptedException {
    KubeApiTestCluster cluster =
        KubeApiTestCluster.start(
            (KubeApiBinaries.Available) KubeApiBinaries.find(Effort.CACHED_ONLY, progress -> {}));
    Path files = Files.createDirectories(folder.resolve("host"));
    AgentPods pods =
        new AgentPods(
            InstalledChart.in(cluster, files),
            new AgentPods.Image(agent.layers(), agent.entrypoint()));
    try (World world = World.on(Hosts.of(BaseRoot.machine()), cluster, pods)) {
      FleetNode node = world.boot(HostOptions.named("node-1").withOwnNetwork(false));
      SampleImage old = world.image("hello", "1.0.0");
      SampleImage fresh = world.image("hello", "1.1.0");
      world.extension(old);
      world.policy("base", Activation.LIVE, "hello");
      try {
        world.awaitActive(node, old);
      } catch (ConditionTimeoutException e) {
        throw new AssertionError("the agent says: " + Files.readString(node.log()), e);
      }
      World.assertRuns(node, old);

      world.extension(fresh);
      world.awaitActive(node, fresh);
      World.assertRuns(node, fresh);
      node.reboot();
      world.awaitActive(node, fresh);
      World.assertRuns(node, fresh);

      world.clear();
      World.assertUnmerged(node, "hello");
    }
  }

  @Test
  void theOperatorIsNobodyAndTheAgentIsRoot() {
    assertThat(operator.user()).isEqualTo("65532:65532");
    assertThat(agent.user()).isEqualTo("0:0");
    assertThat(operator.entrypoint()).isEqualTo(ImageFile.command());
  }

  @Test
  void nothingCanBeRunInThemButJava() throws IOException {
    for (OciArchive image : List.of(operator, agent)) {
      List<String> programs = new ArrayList<>();
      for (Path layer : image.layers()) {
        try (Stream<Path> files = Files.walk(layer)) {
          files
              .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
              .map(file -> "/" + layer.relativize(file))
              .filter(file -> !file.matches(".*\\.so(\\.[0-9.]+)?"))
              .forEach(programs::add);
        }
      }
      assertThat(programs)
          .allMatch(file -> file.matches("/opt/java/(bin|lib)/.*|/lib(64)?/ld-linux-[^/]*"));
      assertThat(programs).contains("/opt/java/bin/java");
    }
  }

  @Test
  void theySayWhatTheyAreMadeOf() throws IOException {
    assertThat(Files.readString(file(agent, "app/bom.json")))
        .contains("CycloneDX", "dbus-java-core");
    assertThat(Files.readString(file(operator, "app/bom.json")))
        .contains("CycloneDX", "operator-framework");
  }

  private static Path file(OciArchive image, String path) {
    return image.layers().stream()
        .map(layer -> layer.resolve(path))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theSameSourceGivesTheSameLayersButForTheTraining() throws IOException, InterruptedException {
    Path runtime = folder.resolve("again/java");
    JavaRuntime.link(JDK, runtime);
    Path archive = folder.resolve("again.tar");
    ImageFile.write(
        ImageFolders.assemble(Program.AGENT, repository, runtime, folder.resolve("again/agent")),
        "example.org/agent",
        "1.2.3",
        archive);

    List<String> again = OciArchive.unpack(archive, folder.resolve("again/unpacked")).digests();

    assertThat(again).hasSize(4).isEqualTo(agent.digests().subList(0, 4));
    assertThat(operator.digests().subList(0, 2))
        .as("system and runtime are shared")
        .isEqualTo(again.subList(0, 2));
  }
}
