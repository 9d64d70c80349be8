package io.kairos.extensions.agent.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * The env-file syntax of os-release(5), state by state as systemd reads it (src/basic/env-file.c,
 * v254 and newer; older versions let a backslash continue a comment): {@code KEY=VALUE} lines,
 * comments with {@code #} and {@code ;}, single and double quotes, backslash escapes, lines joined
 * by a backslash. A line without {@code =} is passed over. A NUL byte anywhere, or a key or value
 * that is not UTF-8, spoils the whole file.
 */
final class EnvFileParser {
  private static final String ESCAPABLE_IN_QUOTES = "\"\\`$";

  private final BiConsumer<String, String> sink;
  private final ByteArrayOutputStream key = new ByteArrayOutputStream();
  private final ByteArrayOutputStream value = new ByteArrayOutputStream();

  /** Where the white space at the end of an unquoted value begins, or -1. */
  private int trailing = -1;

  private int line = 1;

  EnvFileParser(BiConsumer<String, String> sink) {
    this.sink = sink;
  }

  private enum State {
    BEFORE_KEY,
    KEY,
    BEFORE_VALUE,
    VALUE,
    VALUE_ESCAPE,
    SINGLE_QUOTES,
    DOUBLE_QUOTES,
    DOUBLE_QUOTES_ESCAPE,
    COMMENT,
    COMMENT_ESCAPE
  }

  Optional<OsRelease.Invalid> parse(byte[] bytes) {
    State state = State.BEFORE_KEY;
    for (byte b : bytes) {
      if (b == 0) {
        return invalid("has a NUL byte");
      }
      boolean endsLine = isNewline(b) && ends(state);
      if (endsLine && state != State.KEY && hasField(state)) {
        Optional<OsRelease.Invalid> fault = finishField(state);
        if (fault.isPresent()) {
          return fault;
        }
      }
      state = endsLine ? State.BEFORE_KEY : step(state, b);
      if (b == '\n') {
        line++;
      }
    }
    return hasField(state) ? finishField(state) : Optional.empty();
  }

  private static boolean ends(State state) {
    return switch (state) {
      case KEY, BEFORE_VALUE, VALUE, COMMENT, COMMENT_ESCAPE -> true;
      default -> false;
    };
  }

  private static boolean hasField(State state) {
    return switch (state) {
      case BEFORE_VALUE, VALUE, VALUE_ESCAPE, SINGLE_QUOTES, DOUBLE_QUOTES, DOUBLE_QUOTES_ESCAPE ->
          true;
      default -> false;
    };
  }

  private State step(State state, byte b) {
    return switch (state) {
      case BEFORE_KEY -> beforeKey(b);
      case KEY -> key(b);
      case BEFORE_VALUE -> beforeValue(b);
      case VALUE -> value(b);
      case VALUE_ESCAPE -> {
        if (!isNewline(b)) {
          value.write(b);
        }
        yield State.VALUE;
      }
      case SINGLE_QUOTES -> {
        if (b == '\'') {
          yield State.BEFORE_VALUE;
        }
        value.write(b);
        yield state;
      }
      case DOUBLE_QUOTES -> {
        if (b == '"') {
          yield State.BEFORE_VALUE;
        }
        if (b == '\\') {
          yield State.DOUBLE_QUOTES_ESCAPE;
        }
        value.write(b);
        yield state;
      }
      case DOUBLE_QUOTES_ESCAPE -> {
        if (b != '\n') {
          if (ESCAPABLE_IN_QUOTES.indexOf(b) < 0) {
            value.write('\\');
          }
          value.write(b);
        }
        yield State.DOUBLE_QUOTES;
      }
      case COMMENT -> b == '\\' ? State.COMMENT_ESCAPE : state;
      case COMMENT_ESCAPE -> State.COMMENT;
    };
  }

  private State beforeKey(byte b) {
    if (b == '#' || b == ';') {
      return State.COMMENT;
    }
    if (isSpace(b)) {
      return State.BEFORE_KEY;
    }
    key.reset();
    key.write(b);
    return State.KEY;
  }

  private State key(byte b) {
    if (b == '=') {
      value.reset();
      trailing = -1;
      return State.BEFORE_VALUE;
    }
    key.write(b);
    return State.KEY;
  }

  private State beforeValue(byte b) {
    if (b == '\'') {
      return State.SINGLE_QUOTES;
    }
    if (b == '"') {
      return State.DOUBLE_QUOTES;
    }
    if (b == '\\') {
      return State.VALUE_ESCAPE;
    }
    if (isSpace(b)) {
      return State.BEFORE_VALUE;
    }
    value.write(b);
    return State.VALUE;
  }

  private State value(byte b) {
    if (b == '\\') {
      trailing = -1;
      return State.VALUE_ESCAPE;
    }
    if (!isSpace(b)) {
      trailing = -1;
    } else if (trailing < 0) {
      trailing = value.size();
    }
    value.write(b);
    return State.VALUE;
  }

  private Optional<OsRelease.Invalid> finishField(State state) {
    byte[] bytes = value.toByteArray();
    int length = state == State.VALUE && trailing >= 0 ? trailing : bytes.length;
    Optional<String> name = utf8(key.toByteArray(), key.size());
    Optional<String> text = utf8(bytes, length);
    if (name.isEmpty() || text.isEmpty()) {
      return invalid("is not UTF-8");
    }
    sink.accept(stripTrailingSpace(name.get()), text.get());
    return Optional.empty();
  }

  private Optional<OsRelease.Invalid> invalid(String what) {
    return Optional.of(new OsRelease.Invalid(line, "line " + line + " " + what));
  }

  private static String stripTrailingSpace(String text) {
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) < 128 && isSpace((byte) text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /** systemd's UTF-8: no surrogates, nothing overlong, no noncharacters. */
  private static Optional<String> utf8(byte[] bytes, int length) {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
      boolean noncharacters =
          text.codePoints().anyMatch(c -> (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef));
      return noncharacters ? Optional.empty() : Optional.of(text);
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t' || isNewline(b);
  }

  private static boolean isNewline(byte b) {
    return b == '\n' || b == '\r';
  }
}
