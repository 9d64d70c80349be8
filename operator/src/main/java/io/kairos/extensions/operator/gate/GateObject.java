package io.kairos.extensions.operator.gate;

import java.util.Map;

/**
 * An object that a gate looks at.
 *
 * @param name for messages: {@code namespace/name}, or the name alone
 * @param value the whole object as JSON gives it: maps, lists, strings, numbers, booleans, null
 */
public record GateObject(String name, Map<?, ?> value) {

  @Override
  public String toString() {
    return name;
  }
}
