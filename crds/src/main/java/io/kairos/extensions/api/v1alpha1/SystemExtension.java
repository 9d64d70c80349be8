package io.kairos.extensions.api.v1alpha1;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/** What an extension is: its version and where its images lie. Installs nothing by itself. */
@Group(Api.GROUP)
@Version(Api.VERSION)
@ShortNames("sysext")
@ValidationRule(
    value = "self.metadata.name.size() <= 63 && !self.metadata.name.contains('..')",
    message = "metadata.name becomes a file name on the hosts: at most 63 characters, without '..'")
@ValidationRule(
    value = "has(self.spec.imageName) || !self.metadata.name.matches('[.](raw|sysext|confext)$')",
    message =
        "metadata.name is the image's name on the hosts and goes without .raw, .sysext or .confext:"
            + " take the ending off, or set spec.imageName")
@AdditionalPrinterColumn(
    name = "Type",
    jsonPath = ".spec.type",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Version",
    jsonPath = ".spec.version",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Desired",
    jsonPath = ".status.nodes.desired",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Active",
    jsonPath = ".status.nodes.active",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Failed",
    jsonPath = ".status.nodes.failed",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Ready",
    jsonPath = ".status.conditions[?(@.type==\"Ready\")].status",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Reason",
    jsonPath = ".status.conditions[?(@.type==\"Ready\")].reason",
    type = AdditionalPrinterColumn.Type.STRING,
    priority = 1)
@AdditionalPrinterColumn(
    name = "Age",
    jsonPath = ".metadata.creationTimestamp",
    type = AdditionalPrinterColumn.Type.DATE)
public class SystemExtension extends CustomResource<SystemExtensionSpec, SystemExtensionStatus> {
  private static final long serialVersionUID = 1L;

  @Required
  @Override
  public SystemExtensionSpec getSpec() {
    return super.getSpec();
  }

  @Override
  protected SystemExtensionStatus initStatus() {
    return SystemExtensionStatus.EMPTY;
  }

  /** The name of the image on the host: {@code spec.imageName}, or else the name of this object. */
  public String imageName() {
    return getSpec().imageName().isEmpty() ? getMetadata().getName() : getSpec().imageName();
  }
}
