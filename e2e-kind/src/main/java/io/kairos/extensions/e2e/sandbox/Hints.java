package io.kairos.extensions.e2e.sandbox;

import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.host.BootedHost;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a person can do with a sandbox that stays up. */
final class Hints {
  private Hints() {}

  /**
   * Lines for the person.
   *
   * @param newVersion a file with hello in another version
   * @param samples the samples as they were applied
   * @param log where operator and agents within this process write
   */
  static List<String> of(
      TestCluster cluster, List<FleetNode> nodes, Samples samples, Path newVersion, Path log) {
    List<String> lines = new ArrayList<>();
    lines.add("It stays up until Ctrl-C, and shows what changes. In another terminal:");
    lines.add("");
    lines.add("  export KUBECONFIG=" + cluster.kubeconfig());
    String policy = samples.policies().get(0).getMetadata().getName();
    if (cluster.kubectl().isPresent()) {
      lines.add("  alias kubectl=" + cluster.kubectl().get());
      lines.add("  kubectl get sysext,nep,nes");
      lines.add("  kubectl get nes " + nodes.get(0).name() + " -o yaml");
      lines.add("  # a new version, node by node:");
      lines.add("  kubectl apply --server-side -f " + newVersion);
      lines.add("  # what became of it, as a story:");
      lines.add("  kubectl events --for nep/" + policy);
      lines.add("  # from now on one node first, watched for 20 seconds, and the others after it:");
      lines.add(
          "  kubectl patch nep "
              + policy
              + " --type=merge -p 'spec: {rollout: {waves: [{name: canary, nodes: 1, soakSeconds:"
              + " 20}]}}'");
      lines.add("  # only in the first half of each hour:");
      lines.add(
          "  kubectl patch nep "
              + policy
              + " --type=merge -p 'spec: {rollout: {windows: [{schedule: \"0 * * * *\","
              + " durationMinutes: 30}]}}'");
      lines.add("  # and off the hosts:");
      lines.add("  kubectl delete nep " + policy);
    } else {
      lines.add("  # what is in memory answers plain requests, and knows too little for kubectl");
      lines.add("  API=" + cluster.config().getMasterUrl() + "apis/extensions.kairos.io/v1alpha1");
      lines.add("  curl -s $API/nodeextensionstates/" + nodes.get(0).name());
      lines.add("  # and off the hosts:");
      lines.add("  curl -s -X DELETE $API/nodeextensionpolicies/" + policy);
    }
    lines.add("");
    lines.addAll(hosts(nodes));
    lines.add("");
    lines.add("Logs");
    lines.add("  " + log + "   # operator" + (real(nodes) ? "" : " and agents"));
    if (real(nodes)) {
      nodes.forEach(node -> lines.add("  " + node.log() + "   # agent"));
    }
    return lines;
  }

  private static List<String> hosts(List<FleetNode> nodes) {
    List<String> lines = new ArrayList<>();
    if (real(nodes)) {
      lines.add(
          "A shell on a host, as root; `systemctl reboot` there merges what waits for a boot");
    } else {
      lines.add("The hosts' files");
    }
    nodes.forEach(node -> lines.add("  " + way(node)));
    return lines;
  }

  /** How to get to a host: holds until it reboots. */
  static String way(FleetNode node) {
    return node.host() instanceof BootedHost host
        ? "nsenter -t " + host.pid() + " -m -u -i -n -p -- bash   # " + node.name()
        : node.layout().host().root() + "   # " + node.name();
  }

  private static boolean real(List<FleetNode> nodes) {
    return nodes.stream().allMatch(node -> node.host().merges());
  }
}
