package io.kairos.extensions.e2e.cluster;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfig;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A real etcd and kube-apiserver, started by kube-api-test.
 *
 * <p>kube-api-test gets a folder of this cluster's own, where two small scripts stand in for etcd
 * and kube-apiserver. They make up for what it lacks: its etcd would listen on every interface, its
 * certificates would be made once and expire after a year, the API server could not be stopped and
 * started again, and both would outlive a test that is killed. The latter is the kernel's doing (a
 * parent-death signal, by {@code setpriv}); where {@code setpriv} lacks it, only an orderly end
 * takes the processes along.
 *
 * <p>No controllers run: no garbage collection, no namespace deletion, no kubelets. The admission
 * plugin ServiceAccount is off, so a pod needs no ServiceAccount. RBAC is on; the clients given out
 * are the administrator's, so try RBAC by impersonation or with real tokens.
 */
public final class KubeApiTestCluster implements TestCluster {

  private static final String PREFIX = "sysext-kube-api-";
  private static final Pattern FOLDER = Pattern.compile(PREFIX + "([0-9]{1,18})-.*");
  private static final int STARTS = 2;
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

  private final Path home;
  private final Path programs;
  private final FileChannel ownership;
  private final ExecutorService parent;
  private final WatchedServer server;
  private final String description;
  private final Clients clients = new Clients();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Thread hook = new Thread(this::kill, "kill-kube-apiserver");

  private KubeApiTestCluster(
      Path home,
      Path programs,
      FileChannel ownership,
      ExecutorService parent,
      WatchedServer server,
      String description) {
    this.home = home;
    this.programs = programs;
    this.ownership = ownership;
    this.parent = parent;
    this.server = server;
    this.description = description;
  }

  /**
   * Starts one; returns when it is ready.
   *
   * @throws IllegalStateException if it does not start
   */
  public static KubeApiTestCluster start(KubeApiBinaries.Available binaries) {
    return start(binaries, List.of());
  }

  /**
   * The same with more flags for kube-apiserver, for instance {@code --audit-log-path=…}. The ones
   * that kube-api-test sets itself come later on the command line, so they win where a flag has one
   * value, and add up where it has many.
   */
  public static KubeApiTestCluster start(KubeApiBinaries.Available binaries, List<String> flags) {
    sweep();
    List<String> failures = new ArrayList<>();
    // The ports are looked for before they are used: another process may be faster.
    for (int attempt = 0; attempt < STARTS; attempt++) {
      Optional<KubeApiTestCluster> cluster = tryStart(binaries, flags, failures);
      if (cluster.isPresent()) {
        return cluster.get();
      }
    }
    throw new IllegalStateException(
        "kube-apiserver does not start: " + String.join("; ", failures));
  }

  private static Optional<KubeApiTestCluster> tryStart(
      KubeApiBinaries.Available binaries, List<String> flags, List<String> failures) {
    try {
      Path home = Files.createTempDirectory(PREFIX + ProcessHandle.current().pid() + "-");
      FileChannel ownership = own(home).orElseThrow();
      Path programs =
          Files.createDirectories(home.resolve("k8s").resolve(binaries.folder().getFileName()));
      script("etcd", programs, binaries.etcd());
      script("kube-apiserver", programs, binaries.apiServer());
      Files.createSymbolicLink(programs.resolve("kubectl"), binaries.kubectl());
      KubeAPIServerConfigBuilder config =
          KubeAPIServerConfigBuilder.anAPIServerConfig()
              .withTestDir(home.toString())
              .withApiServerVersion(binaries.version())
              .withOfflineMode(true)
              .withUpdateKubeConfig(false)
              .withStartupTimeout((int) START_LIMIT.toMillis())
              .withWaitForEtcdHealthCheckOnStartup(true)
              .withApiServerFlag("--bind-address", "127.0.0.1")
              // Or a machine without a default route has no address to advertise.
              .withApiServerFlag("--advertise-address", "127.0.0.1")
              .withApiServerFlag("--endpoint-reconciler-type", "none")
              .withApiServerFlags(flags);
      KubeApiTestCluster cluster =
          new KubeApiTestCluster(
              home,
              programs,
              ownership,
              longLivedThread(),
              new WatchedServer(config.build()),
              "kube-apiserver v%s with etcd %s (kube-api-test)"
                  .formatted(binaries.version(), etcdVersion(binaries.etcd())));
      try {
        cluster.startUp();
        return Optional.of(cluster);
      } catch (IllegalStateException e) {
        failures.add(e.getMessage() + cluster.lastWords());
        cluster.close();
        return Optional.empty();
      }
    } catch (IOException e) {
      throw new IllegalStateException("the folder of a cluster cannot be made: " + e, e);
    }
  }

  /**
   * A parent-death signal comes when the thread that started the process ends, not only when the
   * JVM does.
   */
  private static ExecutorService longLivedThread() {
    return Executors.newSingleThreadExecutor(
        task -> {
          Thread thread = new Thread(task, "parent-of-kube-apiserver");
          thread.setDaemon(true);
          return thread;
        });
  }

  private void startUp() throws IOException {
    Runtime.getRuntime().addShutdownHook(hook);
    Future<?> starting = parent.submit(server::start);
    await(
        "it takes too long",
        START_LIMIT.multipliedBy(2),
        () -> starting.isDone() || server.died().isDone());
    if (server.died().isDone()) {
      starting.cancel(true);
      throw new IllegalStateException("it ends at once");
    }
    inParent(starting);
    Files.createFile(
        kubeconfig(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(kubeconfig(), server.getKubeConfigYaml());
  }

  @Override
  public KubernetesClient client() {
    return clients.create(config());
  }

  @Override
  public Config config() {
    Config config = Config.fromKubeconfig(kubeconfig().toFile());
    // It is on this machine, whatever proxy the environment asks for.
    config.setHttpProxy(null);
    config.setHttpsProxy(null);
    return config;
  }

  @Override
  public Path kubeconfig() {
    return home.resolve("kubeconfig");
  }

  @Override
  public boolean real() {
    return true;
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public Optional<Path> kubectl() {
    return Optional.of(programs.resolve("kubectl"));
  }

  @Override
  public void applyCrds(List<CustomResourceDefinition> definitions) {
    PatchContext apply =
        new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager("test-cluster")
            .withForce(true)
            .build();
    try (KubernetesClient client = client()) {
      for (CustomResourceDefinition definition : definitions) {
        client.resource(definition).patch(apply);
      }
      for (CustomResourceDefinition definition : definitions) {
        await(
            "the API does not serve " + definition.getMetadata().getName(),
            START_LIMIT,
            () -> served(client, definition));
      }
    }
  }

  /** Established is what the definition says; the first lists may still find nothing there. */
  private static boolean served(KubernetesClient client, CustomResourceDefinition definition) {
    CustomResourceDefinition now = client.resource(definition).get();
    boolean established =
        now.getStatus() != null
            && now.getStatus().getConditions().stream()
                .anyMatch(c -> c.getType().equals("Established") && c.getStatus().equals("True"));
    if (!established) {
      return false;
    }
    try {
      for (var version : definition.getSpec().getVersions()) {
        if (version.getServed()) {
          client
              .genericKubernetesResources(
                  new ResourceDefinitionContext.Builder()
                      .withGroup(definition.getSpec().getGroup())
                      .withVersion(version.getName())
                      .withKind(definition.getSpec().getNames().getKind())
                      .withPlural(definition.getSpec().getNames().getPlural())
                      .withNamespaced(definition.getSpec().getScope().equals("Namespaced"))
                      .build())
              .inAnyNamespace()
              .list();
        }
      }
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == 404) {
        return false;
      }
      throw e;
    }
  }

  /** Takes the API server away, at once and in the middle of whatever it does. The data stays. */
  public void stopApiServer() {
    touch(programs.resolve("down"));
    killApiServer();
  }

  /** Brings it back on the same port, with the same data; returns when it is ready. */
  public void startApiServer() {
    delete(programs.resolve("down"));
    try (KubernetesClient client = client()) {
      await("the API server does not come back", START_LIMIT, () -> ready(client));
    }
  }

  /** Takes the API server away and brings it back. */
  public void restart() {
    stopApiServer();
    startApiServer();
  }

  private static boolean ready(KubernetesClient client) {
    try {
      return "ok".equals(client.raw("/readyz"));
    } catch (KubernetesClientException e) {
      return false;
    }
  }

  private void killApiServer() {
    Path pid = programs.resolve("kube-apiserver.pid");
    // The script deletes the file once it has seen the end of the process.
    await(
        "the API server does not stop",
        STOP_LIMIT,
        () -> {
          try {
            ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
                .ifPresent(ProcessHandle::destroyForcibly);
            return false;
          } catch (NoSuchFileException stopped) {
            return true;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    clients.close();
    try {
      if (Files.exists(kubeconfig())) {
        stopApiServer();
      }
      inParent(parent.submit(server::stop));
    } catch (IllegalStateException e) {
      // It never quite started, or it is gone already.
    } finally {
      kill();
      parent.shutdownNow();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException shuttingDown) {
        // Then it finds nothing left to do.
      }
    }
  }

  /**
   * The disorderly way, for a JVM that is told to end, and for what an orderly end has left behind.
   */
  private void kill() {
    try (Stream<ProcessHandle> descendants = ProcessHandle.current().descendants()) {
      // All are looked up before the first one goes: its children would no longer be descendants.
      descendants.filter(this::isOurs).toList().forEach(ProcessHandle::destroyForcibly);
    }
    try {
      Folders.delete(home);
      ownership.close();
    } catch (IOException | UncheckedIOException e) {
      // The next cluster on this machine sweeps it up.
    }
  }

  private boolean isOurs(ProcessHandle process) {
    return process.info().commandLine().filter(c -> c.contains(home.toString())).isPresent();
  }

  private static void inParent(Future<?> task) {
    try {
      task.get(2 * START_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException(String.valueOf(e.getCause().getMessage()), e.getCause());
    } catch (TimeoutException e) {
      throw new IllegalStateException("kube-api-test takes too long", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static String etcdVersion(Path etcd) throws IOException {
    Process process =
        new ProcessBuilder(etcd.toString(), "--version").redirectErrorStream(true).start();
    try (InputStream out = process.getInputStream()) {
      return new String(out.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .findFirst()
          .map(line -> line.replaceFirst("^.*: *", ""))
          .orElse("of unknown version");
    }
  }

  private String lastWords() throws IOException {
    StringBuilder words = new StringBuilder();
    for (String log : List.of("etcd.log", "kube-apiserver.log")) {
      if (Files.exists(programs.resolve(log))) {
        List<String> lines = Files.readAllLines(programs.resolve(log), StandardCharsets.ISO_8859_1);
        words.append(lines.isEmpty() ? "" : "; " + log + ": " + lines.get(lines.size() - 1));
      }
    }
    return words.toString();
  }

  private static void script(String name, Path programs, Path binary) throws IOException {
    try (InputStream in = KubeApiTestCluster.class.getResourceAsStream(name + ".sh")) {
      if (in == null) {
        throw new IOException("missing: " + name + ".sh");
      }
      Files.copy(in, programs.resolve(name));
    }
    Files.setPosixFilePermissions(
        programs.resolve(name), PosixFilePermissions.fromString("rwx------"));
    Files.createSymbolicLink(programs.resolve(name + ".bin"), binary);
  }

  /**
   * Deletes the folders of clusters whose owner was killed: no such process, and nobody, in another
   * container maybe, holds the lock.
   */
  private static void sweep() {
    try (Stream<Path> all = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      for (Path home : all.filter(KubeApiTestCluster::isOrphaned).toList()) {
        Optional<FileChannel> owned = own(home);
        if (owned.isPresent()) {
          Folders.delete(home);
          owned.get().close();
        }
      }
    } catch (IOException | UncheckedIOException e) {
      // Somebody else's, or being swept by somebody else.
    }
  }

  private static boolean isOrphaned(Path home) {
    Matcher name = FOLDER.matcher(home.getFileName().toString());
    return name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty();
  }

  @SuppressWarnings("resource") // the lock is held as long as the channel is open
  private static Optional<FileChannel> own(Path home) throws IOException {
    FileChannel channel =
        FileChannel.open(
            home.resolve("owner"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (channel.tryLock() != null) {
      return Optional.of(channel);
    }
    channel.close();
    return Optional.empty();
  }

  private static void touch(Path file) {
    try {
      Files.writeString(file, "");
    } catch (IOException e) {
      throw new IllegalStateException(e.toString(), e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void await(String complaint, Duration limit, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(complaint);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
    }
  }

  /**
   * Tells at once when a process ends by itself, where kube-api-test would wait until its time is
   * up.
   */
  private static final class WatchedServer extends KubeAPIServer {

    private final CompletableFuture<Process> died = new CompletableFuture<>();

    WatchedServer(KubeAPIServerConfig config) {
      super(config);
    }

    CompletableFuture<Process> died() {
      return died;
    }

    @Override
    public void processStopped(Process process) {
      died.complete(process);
    }
  }
}
