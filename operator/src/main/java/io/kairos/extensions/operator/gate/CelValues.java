package io.kairos.extensions.operator.gate;

import dev.cel.common.values.NullValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON as CEL knows it, and as the API server's own CEL sees objects: int and double, null. */
final class CelValues {
  private CelValues() {}

  static Object of(Object json) {
    if (json == null) {
      return NullValue.NULL_VALUE;
    }
    if (json instanceof Map<?, ?> map) {
      Map<String, Object> result = new LinkedHashMap<>();
      map.forEach((key, value) -> result.put(String.valueOf(key), of(value)));
      return result;
    }
    if (json instanceof Collection<?> list) {
      return List.copyOf(list.stream().map(CelValues::of).toList());
    }
    if (json instanceof Integer || json instanceof Short || json instanceof Byte) {
      return ((Number) json).longValue();
    }
    if (json instanceof Float || json instanceof BigDecimal || json instanceof BigInteger) {
      return ((Number) json).doubleValue();
    }
    return json;
  }
}
