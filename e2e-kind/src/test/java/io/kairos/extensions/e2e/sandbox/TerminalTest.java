package io.kairos.extensions.e2e.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class TerminalTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  @Test
  void withoutATerminalOnlyLinesThatStayAreWritten() {
    Terminal terminal = terminal(false);
    terminal.live(List.of("in the works"));
    terminal.line("done");
    terminal.live(List.of("table"));
    terminal.keep();
    assertThat(written()).isEqualTo("done\n");
    assertThat(terminal.redraws(1)).isFalse();
  }

  @Test
  void linesThatStayComeAboveTheOnesThatAreRedrawn() {
    Terminal terminal = terminal(true);
    terminal.live(List.of("one", "two"));
    terminal.line("news");
    assertThat(written())
        .isEqualTo(
            "<?7l>one<K>\ntwo<K>\n<?7h><J>" // the table
                + "<2A>\r<?7l><?7h><J>" // away with it
                + "news\n"
                + "<?7l>one<K>\ntwo<K>\n<?7h><J>"); // and back
  }

  @Test
  void redrawsOverWhatItDrew() {
    Terminal terminal = terminal(true);
    terminal.live(List.of("one", "two"));
    bytes.reset();
    terminal.live(List.of("three"));
    terminal.keep();
    terminal.live(List.of("below"));
    assertThat(written()).isEqualTo("<2A>\r<?7l>three<K>\n<?7h><J><?7l>below<K>\n<?7h><J>");
  }

  @Test
  void aTableThatIsHigherThanTheTerminalIsNotRedrawn() {
    assertThat(terminal(true).redraws(23)).isTrue();
    assertThat(terminal(true).redraws(24)).isFalse();
  }

  private Terminal terminal(boolean redraws) {
    return new Terminal(
        new PrintStream(bytes, true, StandardCharsets.UTF_8),
        redraws,
        false,
        new Terminal.Size(24, 80));
  }

  private String written() {
    return bytes
        .toString(StandardCharsets.UTF_8)
        .replaceAll("\u001b\\[([^A-Za-z]*[A-Za-z])", "<$1>");
  }
}
