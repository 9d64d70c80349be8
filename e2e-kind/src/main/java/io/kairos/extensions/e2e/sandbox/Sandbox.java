package io.kairos.extensions.e2e.sandbox;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.cluster.TestClusters;
import io.kairos.extensions.e2e.fleet.Fleet;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.fleet.ImageServer;
import io.kairos.extensions.e2e.host.BaseRoot;
import io.kairos.extensions.e2e.host.CommandResult;
import io.kairos.extensions.e2e.host.Folders;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SampleImages;
import io.kairos.extensions.e2e.sandbox.Samples.Location;
import io.kairos.extensions.e2e.sandbox.Samples.Wanted;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The main job on one machine: starts an API server, the operator, and hosts with their agents;
 * applies the samples; shows each extension on each node on its way; and stays up to be played
 * with.
 */
public final class Sandbox {
  private static final Duration TICK = Duration.ofMillis(250);

  /** Long enough to be seen, short enough not to be waited for. */
  private static final Duration DOWNLOAD = Duration.ofMillis(1500);

  /** The first extension in its next version, to play with. */
  private static final String NEXT_VERSION = "1.1.0";

  private final SandboxOptions options;
  private final Terminal terminal;
  private final Lifetime lifetime;

  private Sandbox(SandboxOptions options, Terminal terminal, Lifetime lifetime) {
    this.options = options;
    this.terminal = terminal;
    this.lifetime = lifetime;
  }

  /**
   * Runs it.
   *
   * @param arguments see {@code --help}
   */
  public static void main(String[] arguments) throws InterruptedException {
    Terminal terminal = Terminal.ofProcess();
    SandboxOptions.Parsed parsed = SandboxOptions.parse(List.of(arguments));
    if (parsed instanceof SandboxOptions.Parsed.Run run) {
      System.exit(live(run.options(), terminal));
    } else if (parsed instanceof SandboxOptions.Parsed.Refused refused) {
      terminal.line("sandbox: " + refused.reason() + "\n\n" + SandboxOptions.USAGE);
      System.exit(2);
    } else {
      terminal.line(SandboxOptions.USAGE);
    }
  }

  private static int live(SandboxOptions options, Terminal terminal) throws InterruptedException {
    List<String> left = new ArrayList<>();
    int code =
        new Lifetime(left::add)
            .run(
                lifetime -> {
                  lifetime.open("farewell", () -> farewell(terminal, left));
                  try {
                    return new Sandbox(options, terminal, lifetime).run();
                  } finally {
                    // A step that was cut off does not stand below what follows.
                    terminal.live(List.of());
                  }
                },
                e -> {
                  terminal.line("It broke: " + causes(e));
                  return 1;
                });
    return left.isEmpty() ? code : 1;
  }

  /** Comes last, when it is known whether all could be closed. */
  private static void farewell(Terminal terminal, List<String> left) {
    left.forEach(failure -> terminal.line("Not cleared up: " + failure));
    if (left.isEmpty()) {
      terminal.line("All ended, nothing is left behind.");
    }
  }

  private int run() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("sysext-sandbox-");
    lifetime.open("files in " + folder, () -> Folders.delete(folder));
    Path logFile = folder.resolve("operator.log");
    lifetime.open("log", ErrorLog.into(logFile, this::error));
    Samples files = Samples.load(Samples.folder(Path.of("")));

    TestCluster cluster = startCluster();
    Fleet fleet = startFleet(cluster, logFile);
    addNodes(fleet);
    Samples samples = serve(fleet, files);
    StateWatch watch = lifetime.open("watch", StateWatch.start(fleet.client()));
    List<String> names = fleet.nodes().stream().map(FleetNode::name).toList();
    apply(cluster, fleet.client(), samples);
    Progress progress = new Progress(names, samples.wanted(), Clock.systemUTC());

    boolean inEffect = show(watch, progress);
    terminal.line("");
    boolean runs = false;
    if (inEffect) {
      step("Done", "all in effect after " + StatusTable.time(progress.elapsed()));
      terminal.line("");
      runs = showHost(fleet.nodes().get(0), samples);
    } else {
      explain(fleet.client(), progress);
    }
    terminal.line("");
    if (!options.exit()) {
      stay(fleet, samples, watch, progress, folder, logFile);
    }
    return inEffect && runs ? 0 : 1;
  }

  /**
   * While it ends, there are errors that are none: what one part loses when another has gone. With
   * Ctrl-C, which every process gets, that may come first by a little.
   */
  private void error(String line) {
    CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (!lifetime.ending()) {
                terminal.line(line);
              }
            });
  }

  private TestCluster startCluster() {
    doing("API server", "looking for one");
    TestClusters.Chosen chosen =
        TestClusters.best(Effort.DOWNLOAD, said -> doing("API server", said));
    TestCluster cluster = lifetime.open("API server", chosen.cluster());
    step("API server", cluster.describe());
    chosen.notes().forEach(note -> step("", note));
    return cluster;
  }

  private Fleet startFleet(TestCluster cluster, Path log) throws IOException, InterruptedException {
    doing("Operator", "starting");
    Fleet fleet = lifetime.open("hosts", Fleet.start(cluster));
    lifetime.open("goodbye", () -> terminal.line("Ending hosts, operator and API server ..."));
    step("Operator", "runs in this process, its log is " + log);
    return fleet;
  }

  private void addNodes(Fleet fleet) {
    doing("Hosts", "looking what can be booted");
    if (options.base() == SandboxOptions.Base.TRIXIE) {
      doing("Hosts", "looking for a Debian trixie; making one takes a minute or two");
    }
    Hosts hosts =
        Hosts.of(
            switch (options.base()) {
              case MACHINE -> BaseRoot.machine();
              case TRIXIE -> BaseRoot.trixie();
            });
    for (int i = 1; i <= options.nodes(); i++) {
      String name = "node-" + i;
      doing("Hosts", "starting " + name + " of " + options.nodes());
      fleet.addNode(hosts, HostOptions.named(name));
    }
    step("Hosts", options.nodes() + ", each with its agent: " + hosts.describe());
  }

  private Samples serve(Fleet fleet, Samples files) {
    doing("Images", "making them");
    Samples samples =
        files.served(
            extension -> serve(fleet, extension.imageName(), extension.getSpec().version()));
    step(
        "Images",
        "%s, by HTTPS, slowed down to %s each (%s)"
            .formatted(
                samples.wanted().stream()
                    .map(wanted -> wanted.extension() + " " + wanted.version())
                    .collect(Collectors.joining(", ")),
                StatusTable.time(DOWNLOAD),
                SampleImages.formats().stream()
                    .findFirst()
                    .map(format -> "made as " + format.name().toLowerCase(Locale.ROOT))
                    .orElse("ready-made")));
    return samples;
  }

  private static Location serve(Fleet fleet, String name, String version) {
    SampleImage image = fleet.images().plain(name, version);
    String file = image.path().getFileName().toString();
    long bytesPerSecond = Math.max(1, image.size() * 1000 / DOWNLOAD.toMillis());
    fleet.server().answer(file, new ImageServer.Answer.Slow(image.path(), bytesPerSecond));
    return new Location(fleet.server().https(image), image.sha256());
  }

  private void apply(TestCluster cluster, KubernetesClient client, Samples samples) {
    List<HasMetadata> all = new ArrayList<>(samples.extensions());
    all.addAll(samples.policies());
    for (HasMetadata sample : all) {
      if (cluster.real()) {
        client.resource(sample).fieldManager("kubectl").serverSideApply();
      } else {
        client.resource(sample).create();
      }
    }
    step(
        "Samples",
        "applied: "
            + all.stream()
                .map(sample -> sample.getMetadata().getName())
                .collect(Collectors.joining(", ")));
    terminal.line("");
  }

  /** Shows the way until all is in effect, or time is up: then false. */
  private boolean show(StateWatch watch, Progress progress) throws InterruptedException {
    boolean redraws = terminal.redraws(progress.rows().size() + 2);
    try {
      while (!progress.missing().isEmpty() && progress.elapsed().compareTo(options.time()) < 0) {
        if (redraws) {
          draw(progress);
        }
        watch
            .next(TICK)
            .map(event -> progress.apply(event.node(), event.state()))
            .filter(changed -> !redraws)
            .ifPresent(this::print);
      }
      if (redraws) {
        draw(progress);
      }
    } finally {
      terminal.keep();
    }
    return progress.missing().isEmpty();
  }

  private void draw(Progress progress) {
    terminal.live(StatusTable.render(progress.rows(), terminal.columns() - 1, terminal.colored()));
  }

  private void print(List<Row> rows) {
    rows.forEach(row -> terminal.line(StatusTable.line(row)));
  }

  private void explain(KubernetesClient client, Progress progress) {
    terminal.line("Not all in effect after " + options.time().toSeconds() + " s:");
    print(progress.missing());
    for (NodeExtensionPolicy policy :
        client.resources(NodeExtensionPolicy.class).list().getItems()) {
      policy.getStatus().conditions().stream()
          .filter(condition -> condition.getType().equals("Ready"))
          .forEach(
              condition ->
                  terminal.line(
                      "NodeExtensionPolicy %s: Ready=%s %s: %s"
                          .formatted(
                              policy.getMetadata().getName(),
                              condition.getStatus(),
                              condition.getReason(),
                              condition.getMessage())));
    }
  }

  /** What the host itself says; true if the extension's program runs there, or none can. */
  private boolean showHost(FleetNode node, Samples samples) throws IOException {
    if (!node.host().merges()) {
      terminal.line(
          node.name()
              + " is a plain directory: nothing is merged there. What systemd would merge:");
      try (DirectoryStream<Path> links = Files.newDirectoryStream(node.layout().run(), "*.raw")) {
        for (Path link : links) {
          terminal.line(
              "  /run/extensions/%s -> %s"
                  .formatted(link.getFileName(), Files.readSymbolicLink(link)));
        }
      }
      return true;
    }
    boolean all = command(node, "systemd-sysext", "status").succeeded();
    for (Wanted wanted : samples.wanted()) {
      if (wanted.activation() == Activation.LIVE) {
        CommandResult result = command(node, wanted.extension());
        String expected = wanted.extension() + " " + wanted.version();
        if (!result.stdout().strip().equals(expected)) {
          terminal.line("That should have been: " + expected);
          all = false;
        }
      }
    }
    return all;
  }

  private CommandResult command(FleetNode node, String... command) {
    terminal.line(node.name() + "# " + String.join(" ", command));
    CommandResult result = node.host().exec(command);
    (result.stdout() + result.stderr()).lines().forEach(terminal::line);
    return result;
  }

  private void stay(
      Fleet fleet, Samples samples, StateWatch watch, Progress progress, Path folder, Path log)
      throws IOException, InterruptedException {
    SystemExtension first = samples.extensions().get(0);
    Path next = folder.resolve(first.imageName() + "-" + NEXT_VERSION + ".yaml");
    Files.writeString(
        next,
        Samples.yaml(
            Samples.version(first, NEXT_VERSION, serve(fleet, first.imageName(), NEXT_VERSION))));
    Hints.of(fleet.cluster(), fleet.nodes(), samples, next, log).forEach(terminal::line);
    terminal.line("");
    lifetime.open(
        "reboots",
        Reboots.of(
            fleet.nodes(),
            node ->
                terminal.line(
                    node.name() + " has booted again, its agent runs: " + Hints.way(node))));
    while (!lifetime.ending()) {
      watch
          .next(Duration.ofHours(1))
          .map(event -> progress.apply(event.node(), event.state()))
          .ifPresent(this::print);
    }
  }

  /** On a terminal this stands until the step is done. */
  private void doing(String what, String how) {
    terminal.live(List.of(stepLine(what, how)));
  }

  private void step(String what, String how) {
    terminal.live(List.of());
    terminal.line(stepLine(what, how));
  }

  private static String stepLine(String what, String how) {
    return "%-12s%s".formatted(what, how);
  }

  private static String causes(Throwable e) {
    return Stream.iterate(Optional.of(e), Optional::isPresent, t -> t.map(Throwable::getCause))
        .flatMap(Optional::stream)
        .map(t -> t.getMessage() == null ? t.getClass().getSimpleName() : t.getMessage())
        .distinct()
        .collect(Collectors.joining(": "));
  }
}
