package io.kairos.extensions.e2e.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ErrorLogTest {
  @Test
  void allIsKeptAndErrorsAreTold() throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    List<String> told = new ArrayList<>();
    ErrorLog.Lines lines = new ErrorLog.Lines(file, told::add);
    try (PrintStream out = new PrintStream(lines, true, StandardCharsets.UTF_8)) {
      out.println("12:00:00.000 [main] INFO io.kairos.Operator - no ERROR at all");
      out.println("12:00:00.001 [main] ERROR io.kairos.Operator - broke");
      out.println("SEVERE: broke, too");
      out.println("Exception in thread \"x\" java.lang.Error");
      out.println("\tat somewhere");
    }
    assertThat(file.toString(StandardCharsets.UTF_8).lines()).hasSize(5);
    assertThat(told)
        .containsExactly(
            "12:00:00.001 [main] ERROR io.kairos.Operator - broke",
            "SEVERE: broke, too",
            "Exception in thread \"x\" java.lang.Error");
  }
}
