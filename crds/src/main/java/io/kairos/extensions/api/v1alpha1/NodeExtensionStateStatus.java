package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;
import lombok.Builder;

/**
 * What one node shows.
 *
 * @param observedGeneration the spec that the agent last planned from, 0 before the first
 * @param conditions Ready, Degraded, RebootRequired; Reconciling or Stalled while true
 * @param desired assignments that are no tombstones
 * @param active of those: in effect
 * @param failed of those: failed, rolled back or incompatible
 * @param summary a line for {@code kubectl get}
 * @param host the host itself
 * @param extensions one for each extension of ours
 * @param unmanaged what someone else put there: shown, never touched
 * @param overlaps files that two of its extensions both carry
 * @param drift how often what was in effect no longer was, without the agent's doing
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@SchemaCustomizer(value = DeepMerge.class, input = Conditions.SCHEMA)
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          extensions: {maxItems: 128, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [type, name]}
          unmanaged: {maxItems: 64, x-kubernetes-list-type: atomic}
          overlaps:
            maxItems: 20
            x-kubernetes-list-type: atomic
            items:
              properties:
                files: {maxItems: 5, x-kubernetes-list-type: atomic}
        """)
public record NodeExtensionStateStatus(
    @JsonPropertyDescription("The spec that the agent last planned from.") long observedGeneration,
    @JsonPropertyDescription("Ready, Degraded, RebootRequired; Reconciling or Stalled while true.")
        List<Condition> conditions,
    @JsonPropertyDescription("Extensions assigned.") int desired,
    @JsonPropertyDescription("Of those in effect.") int active,
    @JsonPropertyDescription("Of those failed, rolled back or incompatible.") int failed,
    @JsonPropertyDescription("A line for kubectl get.") String summary,
    @JsonPropertyDescription("The host itself.") HostStatus host,
    @JsonPropertyDescription("One for each extension of ours.") List<ExtensionStatus> extensions,
    @JsonPropertyDescription("What someone else put there: shown, never touched.")
        List<UnmanagedFile> unmanaged,
    @JsonPropertyDescription("Files that two of its extensions both carry.")
        List<FileOverlap> overlaps,
    @JsonPropertyDescription(
            "How often what was in effect no longer was, without the agent's doing.")
        DriftStatus drift) {

  /** What stands before the agent's first report. */
  public static final NodeExtensionStateStatus EMPTY =
      new NodeExtensionStateStatus(
          0,
          List.of(),
          0,
          0,
          0,
          "",
          HostStatus.UNKNOWN,
          List.of(),
          List.of(),
          List.of(),
          DriftStatus.NONE);

  /** Absent values as empty ones. */
  public NodeExtensionStateStatus {
    conditions = Values.list(conditions);
    summary = Values.text(summary);
    host = Values.or(host, HostStatus.UNKNOWN);
    extensions = Values.list(extensions);
    unmanaged = Values.list(unmanaged);
    overlaps = Values.list(overlaps);
    drift = Values.or(drift, DriftStatus.NONE);
  }

  /**
   * A file in the store that the agent did not put there.
   *
   * @param file its path below the store
   * @param profiles the profiles that link it
   * @param merged whether it is merged now
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record UnmanagedFile(String file, List<Profile> profiles, boolean merged) {
    /** Absent values as empty ones. */
    public UnmanagedFile {
      profiles = Values.list(profiles);
    }
  }
}
