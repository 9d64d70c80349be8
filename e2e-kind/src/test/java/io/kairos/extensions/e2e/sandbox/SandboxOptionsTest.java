package io.kairos.extensions.e2e.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.e2e.sandbox.SandboxOptions.Base;
import io.kairos.extensions.e2e.sandbox.SandboxOptions.Parsed;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SandboxOptionsTest {
  @Test
  void withoutArgumentsThreeNodesStayUp() {
    assertThat(parse("")).isEqualTo(new Parsed.Run(new SandboxOptions(false, 3, Base.MACHINE)));
  }

  @Test
  void everyOptionCounts() {
    Parsed wanted = new Parsed.Run(new SandboxOptions(true, 10, Base.TRIXIE));
    assertThat(parse("--exit --nodes 10 --base trixie")).isEqualTo(wanted);
    assertThat(parse("--base=trixie --nodes=10 --exit")).isEqualTo(wanted);
  }

  @Test
  void helpComesFirst() {
    assertThat(parse("--nodes 2 --help --no-such")).isEqualTo(new Parsed.Help());
    assertThat(parse("-h")).isEqualTo(new Parsed.Help());
  }

  @ParameterizedTest
  @CsvSource({
    "--no-such,--no-such",
    "exit,exit",
    "--exit=yes,yes",
    "--nodes,--nodes takes a number from 1 to 10",
    "--nodes 0,--nodes takes a number from 1 to 10",
    "--nodes 11,--nodes takes a number from 1 to 10",
    "--nodes -1,--nodes takes a number from 1 to 10",
    "--nodes 99999999999,--nodes takes a number from 1 to 10",
    "--nodes many,--nodes takes a number from 1 to 10",
    "--base,--base is machine or trixie",
    "--base Machine,--base is machine or trixie"
  })
  void whatMakesNoSenseIsRefused(String arguments, String said) {
    assertThat(parse(arguments))
        .isInstanceOfSatisfying(
            Parsed.Refused.class, refused -> assertThat(refused.reason()).contains(said));
  }

  @Test
  void usageNamesEveryOption() {
    assertThat(SandboxOptions.USAGE).contains("--exit", "--nodes", "--base", "--help");
  }

  @Test
  void manyNodesHaveMoreTime() {
    assertThat(new SandboxOptions(true, 3, Base.MACHINE).time()).isEqualTo(Duration.ofSeconds(90));
    assertThat(new SandboxOptions(true, 10, Base.MACHINE).time())
        .isEqualTo(Duration.ofSeconds(200));
  }

  private static Parsed parse(String words) {
    return SandboxOptions.parse(words.isEmpty() ? List.of() : List.of(words.split(" ", -1)));
  }
}
