package io.kairos.extensions.operator.plan;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.SystemExtensionSpec;
import io.kairos.extensions.operator.plan.RevisionContent.Item;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The content of a revision as JSON, the way it is kept. A SystemExtension's part is its {@code
 * spec} as the API spells it, so what can be applied can be kept.
 *
 * <p>What is kept outlives this program. A field that a later version wrote and this one does not
 * know stays in the object, which nobody ever writes anew, and is passed over here. But the
 * revision is a hash of what is given: content that this version does not understand to the last
 * field that matters hashes to something else, and is refused instead of given by halves.
 */
public final class RevisionJson {
  /**
   * The most that one revision may come to. An object of the API server has to stay below 1.5 MiB;
   * a revision of this size gives some thousand extensions.
   */
  public static final int MOST_BYTES = 900_000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private RevisionJson() {}

  private record Data(
      @JsonProperty("activation") Activation activation,
      @JsonProperty("extensions") List<DataItem> extensions,
      @JsonProperty("profiles") List<Profile> profiles) {

    boolean isWhole() {
      return activation != null
          && extensions != null
          && profiles != null
          && extensions.stream().allMatch(item -> item != null && item.isWhole());
    }

    RevisionContent content() {
      return new RevisionContent(
          extensions.stream().map(i -> new Item(i.name(), i.imageName(), i.spec())).toList(),
          profiles,
          activation);
    }
  }

  private record DataItem(
      @JsonProperty("imageName") String imageName,
      @JsonProperty("name") String name,
      @JsonProperty("spec") SystemExtensionSpec spec) {

    boolean isWhole() {
      return imageName != null && name != null && spec != null;
    }
  }

  /** The JSON of a content. */
  public static ObjectNode write(RevisionContent content) {
    return MAPPER.valueToTree(
        new Data(
            content.activation(),
            content.extensions().stream()
                .map(item -> new DataItem(item.imageName(), item.name(), item.spec()))
                .toList(),
            content.profiles()));
  }

  /** How long the JSON of a content is, in bytes. */
  static int bytes(RevisionContent content) {
    return write(content).toString().getBytes(StandardCharsets.UTF_8).length;
  }

  /**
   * The content that JSON holds.
   *
   * @param revision the revision that it has to have
   * @return empty if it cannot be read, or is not all that this revision gives
   */
  public static Optional<RevisionContent> read(JsonNode json, String revision) {
    try {
      return Optional.ofNullable(MAPPER.treeToValue(json, Data.class))
          .filter(Data::isWhole)
          .map(Data::content)
          .filter(content -> Revision.of(content).equals(revision));
    } catch (JsonProcessingException e) {
      return Optional.empty(); // written by a version that spells it otherwise
    }
  }
}
