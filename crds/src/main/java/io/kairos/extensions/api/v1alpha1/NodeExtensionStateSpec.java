package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;

/**
 * What shall be on one node.
 *
 * @param assignments one for each extension type and image name
 */
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
        """)
public record NodeExtensionStateSpec(
    @JsonPropertyDescription("Resolved and complete: nothing is left to look up.")
        List<Assignment> assignments) {

  /** Nothing assigned. */
  public static final NodeExtensionStateSpec EMPTY = new NodeExtensionStateSpec(List.of());

  /** Absent values as empty ones. */
  public NodeExtensionStateSpec {
    assignments = Values.list(assignments);
  }
}
