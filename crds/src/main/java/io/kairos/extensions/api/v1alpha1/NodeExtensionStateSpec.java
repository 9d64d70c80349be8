package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;
import java.util.Optional;
import lombok.With;

/**
 * What shall be on one node.
 *
 * @param assignments one for each extension type and image name
 * @param maintenance one at most for each policy that disturbs the node
 * @param upcoming what is not assigned yet, and may be downloaded and inspected, never linked; none
 *     has the type and name of an assignment
 */
@With
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
          upcoming:
            maxItems: 64
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys: [type, name]
            items: {x-kubernetes-map-type: atomic}
        """)
public record NodeExtensionStateSpec(
    @JsonPropertyDescription("Resolved and complete: nothing is left to look up.")
        @JsonInclude(JsonInclude.Include.ALWAYS)
        List<Assignment> assignments,
    @JsonPropertyDescription("What may disturb the node, and what came of it.")
        List<Maintenance> maintenance,
    @JsonPropertyDescription(
            "What is not assigned yet: it may be downloaded and inspected, and is never linked.")
        List<Upcoming> upcoming) {

  /** Nothing assigned. */
  public static final NodeExtensionStateSpec EMPTY = new NodeExtensionStateSpec(List.of());

  /** Absent values as empty ones. */
  public NodeExtensionStateSpec {
    assignments = Values.list(assignments);
    maintenance = Values.list(maintenance);
    upcoming = Values.list(upcoming);
  }

  /** Without any maintenance, and with nothing to come. */
  public NodeExtensionStateSpec(List<Assignment> assignments) {
    this(assignments, List.of());
  }

  /** With nothing to come. */
  public NodeExtensionStateSpec(List<Assignment> assignments, List<Maintenance> maintenance) {
    this(assignments, maintenance, List.of());
  }

  /** What a policy's maintenance is at. */
  public Optional<Maintenance> maintenance(String policy) {
    return maintenance.stream().filter(one -> one.policy().equals(policy)).findFirst();
  }
}
