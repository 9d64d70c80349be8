package io.kairos.extensions.api.v1alpha1;

import java.util.List;

/** Turns what JSON left out into empty values, so that no reader meets null. */
final class Values {
  private Values() {}

  static String text(String value) {
    return value == null ? "" : value;
  }

  static <T> List<T> list(List<T> value) {
    return value == null ? List.of() : List.copyOf(value);
  }

  static <T> T or(T value, T fallback) {
    return value == null ? fallback : value;
  }
}
