package io.kairos.extensions.api.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;

/**
 * What of a CustomResourceDefinition may no longer be done that could be done before: an object
 * that was stored, or a manifest that somebody keeps in Git, has to be taken by the next release as
 * it was by the last, and to mean the same. Looser is fine, tighter is not.
 *
 * <p>Where looser and tighter cannot be told apart (a pattern, a CEL rule, anyOf), other is
 * tighter.
 */
final class CrdChanges {
  /** Numbers that refuse more the higher they are. */
  private static final Set<String> FLOORS =
      Set.of("minimum", "minLength", "minItems", "minProperties");

  /** Numbers that refuse more the lower they are. */
  private static final Set<String> CEILINGS =
      Set.of("maximum", "maxLength", "maxItems", "maxProperties");

  /** What can be taken away, but neither added nor changed. */
  private static final Set<String> REFUSALS =
      Set.of("pattern", "format", "anyOf", "allOf", "oneOf", "not", "multipleOf");

  /** What decides how values are read and merged. */
  private static final Set<String> MEANINGS =
      Set.of(
          "type",
          "default",
          "x-kubernetes-int-or-string",
          "x-kubernetes-list-type",
          "x-kubernetes-list-map-keys",
          "x-kubernetes-map-type",
          "x-kubernetes-embedded-resource");

  private final List<String> found = new ArrayList<>();

  private CrdChanges() {}

  /**
   * Compares two releases of one definition.
   *
   * @return what is refused, one in a line, each with its place; empty if all is well
   */
  static List<String> between(JsonNode before, JsonNode after) {
    CrdChanges changes = new CrdChanges();
    changes.definition(before.path("spec"), after.path("spec"));
    return List.copyOf(changes.found);
  }

  private void definition(JsonNode before, JsonNode after) {
    for (String field : List.of("/group", "/scope", "/names/plural", "/names/kind")) {
      if (!before.at(field).equals(after.at(field))) {
        add(field, "was " + before.at(field) + " and is " + after.at(field));
      }
    }
    missing(before.at("/names/shortNames"), after.at("/names/shortNames"))
        .forEach(name -> add("/names/shortNames", name + " is gone"));
    for (JsonNode version : before.path("versions")) {
      String name = version.path("name").asText();
      Optional<JsonNode> next =
          StreamSupport.stream(after.path("versions").spliterator(), false)
              .filter(other -> other.path("name").asText().equals(name))
              .findFirst();
      if (next.isEmpty()) {
        add(name, "the version is gone");
        continue;
      }
      if (version.path("served").asBoolean() && !next.get().path("served").asBoolean()) {
        add(name, "the version is no longer served");
      }
      for (String subresource : List.of("status", "scale")) {
        if (version.path("subresources").has(subresource)
            && !next.get().path("subresources").has(subresource)) {
          add(name, "the subresource " + subresource + " is gone");
        }
      }
      schema(name, version.at("/schema/openAPIV3Schema"), next.get().at("/schema/openAPIV3Schema"));
    }
  }

  private void schema(String path, JsonNode before, JsonNode after) {
    MEANINGS.forEach(key -> same(path, key, before, after));
    REFUSALS.stream()
        .filter(key -> after.has(key) && !after.get(key).equals(before.get(key)))
        .forEach(
            key -> add(path, key + " was " + shown(before, key) + " and is " + after.get(key)));
    FLOORS.forEach(key -> bound(path, key, before, after, 1));
    CEILINGS.forEach(key -> bound(path, key, before, after, -1));
    lost(path, "nullable", before, after);
    lost(path, "x-kubernetes-preserve-unknown-fields", before, after);
    if (after.has("enum")) {
      if (!before.has("enum")) {
        add(path, "only some values are allowed now: " + after.get("enum"));
      }
      missing(before.path("enum"), after.path("enum"))
          .forEach(value -> add(path, value + " is no longer allowed"));
    }
    rules(path, before.path("x-kubernetes-validations"), after.path("x-kubernetes-validations"));
    required(path, before, after);
    properties(path, before, after);
    for (String key : List.of("items", "additionalProperties")) {
      if (before.has(key) && !after.has(key)) {
        add(path, key + " is gone");
      } else if (before.has(key)) {
        schema(path + (key.equals("items") ? "[]" : ".*"), before.get(key), after.get(key));
      }
    }
  }

  private void same(String path, String key, JsonNode before, JsonNode after) {
    if (!before.path(key).equals(after.path(key))) {
      add(path, key + " was " + shown(before, key) + " and is " + shown(after, key));
    }
  }

  private void bound(String path, String key, JsonNode before, JsonNode after, int direction) {
    boolean tighter =
        after.has(key)
            && (!before.has(key)
                || direction
                        * after.get(key).decimalValue().compareTo(before.get(key).decimalValue())
                    > 0);
    if (tighter) {
      add(path, key + " was " + shown(before, key) + " and is " + after.get(key));
    }
  }

  private void lost(String path, String flag, JsonNode before, JsonNode after) {
    if (before.path(flag).asBoolean() && !after.path(flag).asBoolean()) {
      add(path, flag + " is gone");
    }
  }

  private void rules(String path, JsonNode before, JsonNode after) {
    Set<String> known = new TreeSet<>(before.findValuesAsText("rule"));
    for (JsonNode rule : after) {
      if (!known.contains(rule.path("rule").asText())) {
        add(path, "a new rule: " + rule.path("rule").asText());
      }
    }
  }

  private void required(String path, JsonNode before, JsonNode after) {
    missing(after.path("required"), before.path("required"))
        .forEach(
            field -> {
              if (!after.path("properties").path(field).has("default")) {
                add(path + "." + field, "is required now");
              }
            });
  }

  private void properties(String path, JsonNode before, JsonNode after) {
    for (Map.Entry<String, JsonNode> field : before.path("properties").properties()) {
      String name = field.getKey();
      JsonNode next = after.path("properties").path(name);
      if (next.isMissingNode()) {
        add(path + "." + name, "the field is gone");
      } else {
        schema(path + "." + name, field.getValue(), next);
      }
    }
  }

  /** What the first list has and the second has not. */
  private static Set<String> missing(JsonNode list, JsonNode other) {
    Set<String> values = new TreeSet<>();
    list.forEach(value -> values.add(value.asText()));
    other.forEach(value -> values.remove(value.asText()));
    return values;
  }

  private static String shown(JsonNode schema, String key) {
    return schema.has(key) ? schema.get(key).toString() : "not there";
  }

  private void add(String path, String what) {
    found.add(path + ": " + what);
  }
}
