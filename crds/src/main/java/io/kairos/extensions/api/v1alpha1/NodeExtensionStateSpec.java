package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;
import java.util.Optional;

/**
 * What shall be on one node.
 *
 * @param assignments one for each extension type and image name
 * @param maintenance one at most for each policy that disturbs the node
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          assignments:
            maxItems: 64
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys: [type, name]
            items: {x-kubernetes-map-type: atomic}
          maintenance:
            maxItems: 64
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys: [policy]
            items: {x-kubernetes-map-type: atomic}
        """)
public record NodeExtensionStateSpec(
    @JsonPropertyDescription("Resolved and complete: nothing is left to look up.")
        @JsonInclude(JsonInclude.Include.ALWAYS)
        List<Assignment> assignments,
    @JsonPropertyDescription("What may disturb the node, and what came of it.")
        List<Maintenance> maintenance) {

  /** Nothing assigned. */
  public static final NodeExtensionStateSpec EMPTY = new NodeExtensionStateSpec(List.of());

  /** Absent values as empty ones. */
  public NodeExtensionStateSpec {
    assignments = Values.list(assignments);
    maintenance = Values.list(maintenance);
  }

  /** Without any maintenance. */
  public NodeExtensionStateSpec(List<Assignment> assignments) {
    this(assignments, List.of());
  }

  /** What a policy's maintenance is at. */
  public Optional<Maintenance> maintenance(String policy) {
    return maintenance.stream().filter(one -> one.policy().equals(policy)).findFirst();
  }
}
