package io.kairos.extensions.e2e.chart;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.client.Config;
import io.kairos.extensions.agent.AgentMain;
import io.kairos.extensions.e2e.fleet.ClassPath;
import io.kairos.extensions.e2e.fleet.Installation;
import io.kairos.extensions.e2e.fleet.RunningAgent;
import io.kairos.extensions.e2e.host.BootedHost;
import io.kairos.extensions.e2e.host.TestHost;
import io.kairos.extensions.operator.OperatorConfig;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Agents that run as the chart's DaemonSet says: by {@code run-pod.sh} on the host, with the mounts
 * and the environment of the pod that the API server has taken, its token where the kubelet puts
 * it, and no capability. The root file system, read-only, is an image's, or else this machine's.
 * The host shares this machine's network, as the pod shares the host's.
 */
public final class AgentPods implements Installation {
  private static final String ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

  private final InstalledChart chart;
  private final Optional<Image> image;

  /**
   * What a pod is made of.
   *
   * @param layers folders, the lowest first
   * @param command what it runs
   */
  public record Image(List<Path> layers, List<String> command) {
    /** Takes copies. */
    public Image {
      layers = List.copyOf(layers);
      command = List.copyOf(command);
    }
  }

  /** In pods of this installation, with this machine's files and the classes of this build. */
  public AgentPods(InstalledChart chart) {
    this(chart, Optional.empty());
  }

  /** In pods of this installation that are made of an image. */
  public AgentPods(InstalledChart chart, Image image) {
    this(chart, Optional.of(image));
  }

  private AgentPods(InstalledChart chart, Optional<Image> image) {
    this.chart = chart;
    this.image = image;
  }

  @Override
  public OperatorConfig operatorConfig() {
    return chart.operatorConfig();
  }

  @Override
  public Config operator() {
    return chart.operator();
  }

  @Override
  public Config agent(String node) {
    return chart.agent(node);
  }

  @Override
  public Path agentKubeconfig(String node) {
    return chart.agentKubeconfig(node);
  }

  @Override
  public RunningAgent startAgent(TestHost host, Map<String, String> settings, Path log)
      throws IOException {
    Pod pod = chart.agentPod(host.name());
    Container container = pod.getSpec().getContainers().get(0);
    Path kubelet = Files.createDirectories(host.stateDir().resolve("kubelet"));
    List<String> mounts = new ArrayList<>();
    for (VolumeMount mount : container.getVolumeMounts()) {
      mounts.add(
          "%s %s %s"
              .formatted(
                  source(pod, mount.getName(), kubelet),
                  mount.getMountPath(),
                  Boolean.TRUE.equals(mount.getReadOnly()) ? "ro" : "rw"));
    }
    Path account = Files.createDirectories(kubelet.resolve("account"));
    Config api = chart.agent(host.name());
    Files.writeString(account.resolve("token"), api.getOauthToken());
    Files.write(account.resolve("ca.crt"), InstalledChart.certificates(api));
    Files.writeString(account.resolve("namespace"), Chart.NAMESPACE);
    // On this machine /var/run is a link, which a mount cannot replace; in an image there is none.
    String accountFolder =
        image.isPresent() ? ACCOUNT_FOLDER : ACCOUNT_FOLDER.replace("/var/run", "/run");
    mounts.add(onHost("account") + " " + accountFolder + " ro");
    Map<String, String> environment = new HashMap<>();
    container
        .getEnv()
        .forEach(
            variable ->
                environment.put(
                    variable.getName(),
                    variable.getValue() == null ? host.name() : variable.getValue()));
    environment.putAll(settings);
    // A ConfigMap of the site, as agent.siteCa mounts it.
    Path ca = Files.createDirectories(kubelet.resolve("ca"));
    Files.copy(
        Path.of(settings.get("SYSEXT_CA_FILE")),
        ca.resolve("ca.crt"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    mounts.add(onHost("ca") + " /etc/sysext-operator/ca ro");
    environment.put("SYSEXT_CA_FILE", "/etc/sysext-operator/ca/ca.crt");
    environment.remove("SYSEXT_FILE_FOLDERS");
    // Hosts of tests share this machine's network, and so its ports.
    environment.put("PROBE_PORT", "0");
    URI url = URI.create(api.getMasterUrl());
    environment.put("KUBERNETES_SERVICE_HOST", url.getHost());
    environment.put("KUBERNETES_SERVICE_PORT", String.valueOf(url.getPort()));
    return RunningAgent.of(start((BootedHost) host, kubelet, mounts, environment, log));
  }

  /** Pulls the image, as a kubelet does, and tells where its layers are on the host. */
  private static String pull(Image image, Path kubelet) throws IOException {
    List<String> pulled = new ArrayList<>();
    for (Path layer : image.layers()) {
      String name = "image/" + pulled.size();
      Path copy = kubelet.resolve(name);
      if (!Files.exists(copy)) {
        Files.createDirectories(copy.getParent());
        copy(layer, copy);
      }
      pulled.add(onHost(name));
    }
    Collections.reverse(pulled);
    return String.join(":", pulled);
  }

  private static void copy(Path from, Path to) throws IOException {
    Process copy =
        new ProcessBuilder("cp", "-a", from.toString(), to.toString()).inheritIO().start();
    if (copy.onExit().join().exitValue() != 0) {
      throw new IOException("cannot copy " + from + " to " + to);
    }
  }

  private Process start(
      BootedHost host, Path kubelet, List<String> mounts, Map<String, String> environment, Path log)
      throws IOException {
    try (InputStream script = BootedHost.class.getResourceAsStream("run-pod.sh")) {
      Files.write(kubelet.resolve("run-pod.sh"), script.readAllBytes());
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                "nsenter",
                "-t",
                String.valueOf(host.pid()),
                "-m",
                "bash",
                onHost("run-pod.sh"),
                "env",
                "-i"));
    environment.forEach((name, value) -> command.add(name + "=" + value));
    command.addAll(image.map(Image::command).orElseGet(AgentPods::classesOfThisBuild));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder
        .environment()
        .put("POD_IMAGE", image.isPresent() ? pull(image.get(), kubelet) : "/run/image");
    builder.environment().put("POD_MOUNTS", String.join("\n", mounts));
    return builder.start();
  }

  private static List<String> classesOfThisBuild() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData",
        "-Xmx96m",
        "-cp",
        ClassPath.current(),
        AgentMain.class.getName());
  }

  /** The folder of the host that a volume is; what is none of the host's the kubelet makes. */
  private static String source(Pod pod, String name, Path kubelet) throws IOException {
    Volume volume =
        pod.getSpec().getVolumes().stream()
            .filter(v -> v.getName().equals(name))
            .findFirst()
            .orElseThrow();
    if (volume.getHostPath() != null) {
      return volume.getHostPath().getPath();
    }
    Files.createDirectories(kubelet.resolve("volumes").resolve(name));
    return onHost("volumes/" + name);
  }

  private static String onHost(String path) {
    return "/var/lib/kairos/kubelet/" + path;
  }
}
