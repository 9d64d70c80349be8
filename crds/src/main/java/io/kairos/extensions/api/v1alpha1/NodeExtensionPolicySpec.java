package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;
import lombok.Builder;

/**
 * Which nodes get which extensions, in which boot profiles, how fast.
 *
 * @param nodeSelector the nodes; an empty selector selects all
 * @param extensions the extensions, by name, pattern or label
 * @param profiles the boot profiles they are enabled in
 * @param activation how a staged image gets merged
 * @param priority of two policies that want one extension on one node the higher wins, then the
 *     lower name
 * @param removal what happens where the policy stops to want an extension
 * @param paused nothing new is admitted; drift repair and nodes in flight go on
 * @param rollout how fast
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value = "!('common' in self.profiles) || self.profiles.size() == 1",
    fieldPath = ".profiles",
    message = "profile common means every boot profile: list it alone, or leave it out")
@SchemaCustomizer(
    value = DeepMerge.class,
    input = "properties: {nodeSelector: " + Selectors.SCHEMA + "}")
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          extensions: {minItems: 1, maxItems: 64, x-kubernetes-list-type: atomic}
          profiles: {minItems: 1, maxItems: 4, x-kubernetes-list-type: set, default: [active]}
          priority: {minimum: -1000000, maximum: 1000000}
          rollout: {default: {}}
        """)
public record NodeExtensionPolicySpec(
    @JsonPropertyDescription("The nodes; {} selects all.")
        @Required
        @JsonInclude(JsonInclude.Include.ALWAYS)
        LabelSelector nodeSelector,
    @JsonPropertyDescription("The extensions: each entry by name, by namePattern or by selector.")
        @Required
        List<ExtensionReference> extensions,
    @JsonPropertyDescription("The boot profiles the extensions are enabled in. Default: active.")
        List<Profile> profiles,
    @JsonPropertyDescription(
            "Stage: verified and kept in the store. NextBoot (default): merged by the next boot. Live: merged at once."
                + " Reboot: merged by a reboot that follows, the node drained before.")
        @Default("NextBoot")
        Activation activation,
    @JsonPropertyDescription(
            "Of two policies that want one extension on one node the higher wins; at equal priority the lower name"
                + " does, and both report PolicyConflict.")
        @Default("0")
        int priority,
    @JsonPropertyDescription(
            "What happens where the policy goes or stops to select. Default: Remove.")
        @Default("Remove")
        Removal removal,
    @JsonPropertyDescription(
            "Nothing new is admitted while true, and a drain that has allowed nothing yet is given up; drift repair and"
                + " nodes in flight go on.")
        @Default("false")
        boolean paused,
    @JsonPropertyDescription("How fast.") Rollout rollout) {

  /** Fills in what the API server would have. */
  public NodeExtensionPolicySpec {
    nodeSelector = Values.or(nodeSelector, new LabelSelector());
    extensions = Values.list(extensions);
    profiles =
        profiles == null || profiles.isEmpty() ? List.of(Profile.ACTIVE) : List.copyOf(profiles);
    activation = Values.or(activation, Activation.NEXT_BOOT);
    removal = Values.or(removal, Removal.REMOVE);
    rollout = Values.or(rollout, Rollout.DEFAULT);
  }
}
