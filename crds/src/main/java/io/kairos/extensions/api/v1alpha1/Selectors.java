package io.kairos.extensions.api.v1alpha1;

/** What the generated schema of a label selector lacks: the API server's own checks of one. */
final class Selectors {
  /** YAML in one line, to stand as a value. */
  static final String SCHEMA =
      "{properties: {matchExpressions: {maxItems: 64, x-kubernetes-list-type: atomic, items: {required: [key, operator], properties: {operator: {maxLength: 16, enum: [In, NotIn, Exists, DoesNotExist]}}, x-kubernetes-validations: [{rule: \"(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)\", message: \"operators In and NotIn need values, Exists and DoesNotExist take none\"}]}}}}";

  private Selectors() {}
}
