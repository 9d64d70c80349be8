package io.kairos.extensions.api.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CrdChangesTest {
  private static final String SCHEMA =
      """
      type: object
      required: [name]
      properties:
        name: {type: string, minLength: 1, maxLength: 63}
        mode: {type: string, enum: [A, B], default: A}
        size: {type: integer, minimum: 0, maximum: 10}
        free: {type: object, x-kubernetes-preserve-unknown-fields: true}
        port: {x-kubernetes-int-or-string: true}
        list:
          type: array
          maxItems: 8
          x-kubernetes-list-type: map
          x-kubernetes-list-map-keys: [key]
          items: {type: object, required: [key], properties: {key: {type: string}, value: {type: string}}}
        labels: {type: object, additionalProperties: {type: string}}
      x-kubernetes-validations:
      - {rule: "self.size < 9"}
      """;

  private static JsonNode definition(String schema) throws JsonProcessingException {
    return new YAMLMapper()
        .readTree(
            """
            spec:
              group: example.org
              scope: Cluster
              names: {kind: Thing, plural: things, shortNames: [th]}
              versions:
              - name: v1
                served: true
                storage: true
                subresources: {status: {}}
                schema:
                  openAPIV3Schema:
            """
                + schema.indent(10));
  }

  @ParameterizedTest(name = "{0} → {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          size: {type: integer             | size: {type: string              | v1.size: type was "integer" and is "string"
          required: [name]                 | required: [name, size]           | v1.size: is required now
          required: [key]                  | required: [key, value]           | v1.list[].value: is required now
          , value: {type: string}          |                                  | v1.list[].value: the field is gone
          enum: [A, B]                     | enum: [A]                        | v1.mode: B is no longer allowed
          default: A                       | default: B                       | v1.mode: default was "A" and is "B"
          maxLength: 63                    | maxLength: 20                    | v1.name: maxLength was 63 and is 20
          minLength: 1                     | minLength: 2                     | v1.name: minLength was 1 and is 2
          minLength: 1                     | minLength: 1, pattern: '^a'      | v1.name: pattern was not there and is "^a"
          maxItems: 8                      | maxItems: 7                      | v1.list: maxItems was 8 and is 7
          list-type: map                   | list-type: set                   | v1.list: x-kubernetes-list-type was "map" and is "set"
          , x-kubernetes-preserve-unknown-fields: true |                      | v1.free: x-kubernetes-preserve-unknown-fields is gone
          port: {x-kubernetes-int-or-string: true} | port: {type: integer}    | v1.port: type was not there and is "integer"
          additionalProperties: {type: string} | additionalProperties: {type: integer} | v1.labels.*: type was "string" and is "integer"
          self.size < 9                    | self.size < 8                    | v1: a new rule: self.size < 8
          """)
  void whatRefusesOrMeansOtherThanBeforeIsFound(String was, String is, String found)
      throws JsonProcessingException {
    assertThat(SCHEMA).contains(was);

    assertThat(
            CrdChanges.between(
                definition(SCHEMA), definition(SCHEMA.replace(was, is == null ? "" : is))))
        .contains(found);
  }

  @ParameterizedTest(name = "{0} → {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          maxLength: 63                    | maxLength: 64
          , maximum: 10                    |
          enum: [A, B]                     | enum: [A, B, C]
          required: [name]                 | required: [name, mode]
          required: [key]                  | required: []
          integer, minimum: 0              | integer
          x-kubernetes-validations:        | x-kubernetes-nothing:
          """)
  void whatIsLooserIsFine(String was, String is) throws JsonProcessingException {
    assertThat(SCHEMA).contains(was);
    String looser = SCHEMA.replace(was, is == null ? "" : is);

    assertThat(CrdChanges.between(definition(SCHEMA), definition(looser))).isEmpty();
  }

  @Test
  void aNewFieldIsFine() throws JsonProcessingException {
    String more =
        SCHEMA.replace("properties:\n  name:", "properties:\n  more: {type: string}\n  name:");

    assertThat(more).isNotEqualTo(SCHEMA);
    assertThat(CrdChanges.between(definition(SCHEMA), definition(more))).isEmpty();
  }

  @ParameterizedTest(name = "{0} → {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "scope":"Cluster"           | "scope":"Namespaced"      | /scope: was "Cluster" and is "Namespaced"
          "name":"v1"                 | "name":"v2"               | v1: the version is gone
          "served":true               | "served":false            | v1: the version is no longer served
          "subresources":{"status":{}} | "subresources":{}        | v1: the subresource status is gone
          ["th"]                      | []                        | /names/shortNames: th is gone
          "plural":"things"           | "plural":"thingies"       | /names/plural: was "things" and is "thingies"
          """)
  void theDefinitionItselfStays(String was, String is, String found)
      throws JsonProcessingException {
    String before = definition(SCHEMA).toString();
    assertThat(before).contains(was);

    assertThat(
            CrdChanges.between(
                definition(SCHEMA), new YAMLMapper().readTree(before.replace(was, is))))
        .contains(found);
  }

  @Test
  void theSameIsNoChange() throws JsonProcessingException {
    assertThat(CrdChanges.between(definition(SCHEMA), definition(SCHEMA))).isEmpty();
  }
}
