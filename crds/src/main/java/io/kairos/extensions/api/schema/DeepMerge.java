package io.kairos.extensions.api.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;

/**
 * Merges a YAML fragment into the generated schema of a type, object by object: for list-map keys,
 * bounds of list items and int-or-string patterns, which have no annotation of their own. Values
 * and arrays of the fragment replace what was generated.
 */
public final class DeepMerge implements SchemaCustomizer.Customizer {

  @Override
  public JSONSchemaProps apply(
      JSONSchemaProps schema, String input, KubernetesSerialization serialization) {
    JsonNode generated = serialization.convertValue(schema, JsonNode.class);
    JsonNode fragment = serialization.unmarshal(input, JsonNode.class);
    return serialization.convertValue(merge(generated, fragment), JSONSchemaProps.class);
  }

  private static JsonNode merge(JsonNode base, JsonNode over) {
    if (!(base instanceof ObjectNode object) || !over.isObject()) {
      return over;
    }
    over.properties()
        .forEach(
            field -> {
              JsonNode present = object.get(field.getKey());
              object.set(
                  field.getKey(),
                  present == null ? field.getValue() : merge(present, field.getValue()));
            });
    return object;
  }
}
