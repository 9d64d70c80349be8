package io.kairos.extensions.operator.reconcile;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.HexFormat;
import java.util.Optional;

/**
 * JSON with the escapes that Go's {@code encoding/json} writes by default: {@code <}, {@code >},
 * {@code &}, U+2028 and U+2029 by a backslash, a u and four lower-case digits.
 *
 * <p>The API server keeps a ControllerRevision's data byte by byte, and refuses every change of it.
 * A PATCH of anything else, a label or an owner, writes the whole object anew in Go's way. So data
 * that was not sent in that way could never be patched: not by {@code kubectl label}, and not by
 * the garbage collector for {@code --cascade=orphan}, which would wait for it for ever.
 */
final class GoJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder(new JsonFactoryBuilder().characterEscapes(new Escapes()).build()).build();

  private GoJson() {}

  static String write(JsonNode json) {
    try {
      return MAPPER.writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }

  private static final class Escapes extends CharacterEscapes {
    private static final long serialVersionUID = 1L;

    @Override
    public int[] getEscapeCodesForAscii() {
      int[] codes = standardAsciiEscapesForJSON();
      for (char c : new char[] {'<', '>', '&'}) {
        codes[c] = ESCAPE_CUSTOM;
      }
      return codes;
    }

    @Override
    public SerializableString getEscapeSequence(int ch) {
      boolean escaped = ch == '<' || ch == '>' || ch == '&' || ch == 0x2028 || ch == 0x2029;
      return Optional.of(ch)
          .filter(c -> escaped)
          .map(c -> new SerializedString("\\u" + HexFormat.of().toHexDigits((char) (int) c)))
          .orElse(null); // as Jackson asks: no escape of our own
    }
  }
}
