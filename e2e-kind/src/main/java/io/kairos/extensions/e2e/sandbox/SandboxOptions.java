package io.kairos.extensions.e2e.sandbox;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the sandbox is asked for.
 *
 * @param exit whether it ends once the samples are in effect, or time is up
 * @param nodes how many hosts it starts
 * @param base what real hosts boot from
 */
record SandboxOptions(boolean exit, int nodes, Base base) {
  /** What {@code --help} prints. */
  static final String USAGE =
      """
      The sandbox: an API server, the operator, and hosts with their agents on this machine; the samples are applied.

        --exit                    end once all is in effect: 0 if so within the time, else 1 and why
        --nodes N                 hosts to start, 1 to 10 (3)
        --base machine|trixie     what real hosts boot from: this machine's own system, or a Debian trixie that is
                                  made in ~/.cache with debootstrap the first time (machine)
        --help                    this text

      Hosts are booted for real as root on Linux, where systemd is installed. Elsewhere they are plain directories,
      on which everything happens but the merge.
      """;

  private static final int MOST_NODES = 10;
  private static final SandboxOptions DEFAULTS = new SandboxOptions(false, 3, Base.MACHINE);
  private static final Duration TIME = Duration.ofSeconds(90);
  private static final Duration TIME_A_NODE = Duration.ofSeconds(20);

  /** What real hosts boot from. */
  enum Base {
    /** This machine's own root. */
    MACHINE,
    /** A Debian trixie of its own. */
    TRIXIE;

    private static Optional<Base> of(String text) {
      return switch (text) {
        case "machine" -> Optional.of(MACHINE);
        case "trixie" -> Optional.of(TRIXIE);
        default -> Optional.empty();
      };
    }
  }

  /** What became of a command line. */
  sealed interface Parsed {
    /** It can be done. */
    record Run(SandboxOptions options) implements Parsed {}

    /** It asks for help. */
    record Help() implements Parsed {}

    /** It makes no sense, and why. */
    record Refused(String reason) implements Parsed {}
  }

  /** How long the samples may take: node goes after node, so many of them take longer. */
  Duration time() {
    Duration byNodes = TIME_A_NODE.multipliedBy(nodes);
    return byNodes.compareTo(TIME) > 0 ? byNodes : TIME;
  }

  /** Reads a command line. A value follows its option as the next word, or after {@code =}. */
  static Parsed parse(List<String> arguments) {
    Deque<String> words = new ArrayDeque<>();
    for (String argument : arguments) {
      int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
      if (equals > 0) {
        words.add(argument.substring(0, equals));
        words.add(argument.substring(equals + 1));
      } else {
        words.add(argument);
      }
    }
    SandboxOptions options = DEFAULTS;
    while (!words.isEmpty()) {
      String word = words.remove();
      switch (word) {
        case "--help", "-h" -> {
          return new Parsed.Help();
        }
        case "--exit" -> options = new SandboxOptions(true, options.nodes, options.base);
        case "--nodes" -> {
          OptionalInt nodes = number(words);
          if (nodes.isEmpty() || nodes.getAsInt() < 1 || nodes.getAsInt() > MOST_NODES) {
            return new Parsed.Refused("--nodes takes a number from 1 to " + MOST_NODES);
          }
          options = new SandboxOptions(options.exit, nodes.getAsInt(), options.base);
        }
        case "--base" -> {
          Optional<Base> base = Optional.ofNullable(words.poll()).flatMap(Base::of);
          if (base.isEmpty()) {
            return new Parsed.Refused("--base is machine or trixie");
          }
          options = new SandboxOptions(options.exit, options.nodes, base.get());
        }
        default -> {
          return new Parsed.Refused("unknown option " + word);
        }
      }
    }
    return new Parsed.Run(options);
  }

  private static OptionalInt number(Deque<String> words) {
    String word = words.isEmpty() ? "" : words.remove();
    return word.matches("[0-9]{1,4}")
        ? OptionalInt.of(Integer.parseInt(word))
        : OptionalInt.empty();
  }
}
