package io.kairos.extensions.api.v1alpha1;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/**
 * The work of one node (spec, written by the operator) and its evidence (status, written by the
 * node's agent). Its name is the node's, its owner the Node.
 */
@Group(Api.GROUP)
@Version(Api.VERSION)
@ShortNames("nes")
@AdditionalPrinterColumn(
    name = "Profile",
    jsonPath = ".status.host.bootProfile",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Desired",
    jsonPath = ".status.desired",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Active",
    jsonPath = ".status.active",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Failed",
    jsonPath = ".status.failed",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Reboot",
    jsonPath = ".status.conditions[?(@.type==\"RebootRequired\")].status",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Extensions",
    jsonPath = ".status.summary",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Systemd",
    jsonPath = ".status.host.systemd",
    type = AdditionalPrinterColumn.Type.STRING,
    priority = 1)
@AdditionalPrinterColumn(
    name = "Age",
    jsonPath = ".metadata.creationTimestamp",
    type = AdditionalPrinterColumn.Type.DATE)
public class NodeExtensionState
    extends CustomResource<NodeExtensionStateSpec, NodeExtensionStateStatus> {
  private static final long serialVersionUID = 1L;

  @Required
  @Override
  public NodeExtensionStateSpec getSpec() {
    return super.getSpec();
  }

  @Override
  protected NodeExtensionStateSpec initSpec() {
    return NodeExtensionStateSpec.EMPTY;
  }

  @Override
  protected NodeExtensionStateStatus initStatus() {
    return NodeExtensionStateStatus.EMPTY;
  }
}
