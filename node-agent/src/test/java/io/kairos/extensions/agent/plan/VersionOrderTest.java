package io.kairos.extensions.agent.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VersionOrderTest {
  private static final String ALPHABET = "0129aZ~^-._+";
  private static final Path TOOL = Path.of("/usr/bin/systemd-analyze");

  private static int compare(String one, String other) {
    return Integer.signum(VersionOrder.INSTANCE.compare(one, other));
  }

  /** The chains of the specification, each version newer than the one before. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "~1 1",
        "122.1 123~rc1-1 123 123-a 123-a.1 123-1 123-1.1 123^post1 123.a-1 123.1-1 123a-1 124-1",
        "~ '' ",
        "1~rc1 1~rc2 1 1.0 1.1 1.10 2 10 010.1",
        "abc abd abde 1",
        "255~rc4 255 255.1 257.13-1~deb13u1 257.13-1 258",
        "5.15.0 6.1 6.1.0-18-amd64 6.1.1 6.10 6.18.5"
      })
  void versionsComeInTheOrderOfTheSpecification(String chain) {
    List<String> versions =
        List.of(chain.strip().split(" ")).stream().map(v -> v.replace("''", "")).toList();
    for (int i = 0; i < versions.size(); i++) {
      for (int j = 0; j < versions.size(); j++) {
        assertThat(compare(versions.get(i), versions.get(j)))
            .as("%s, %s", versions.get(i), versions.get(j))
            .isEqualTo(Integer.compare(i, j));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1.02, 1.2", "0, 00", "1_2, 1+2", "1, 1_"})
  void someVersionsAreTheSame(String one, String other) {
    assertThat(compare(one, other)).isZero();
  }

  @Provide
  Arbitrary<String> versions() {
    return Arbitraries.strings().withChars(ALPHABET).ofMaxLength(8);
  }

  @Property
  void everyVersionIsTheSameAsItself(@ForAll("versions") String version) {
    assertThat(compare(version, version)).isZero();
  }

  @Property
  void theOrderIsTheSameFromBothSides(
      @ForAll("versions") String one, @ForAll("versions") String other) {
    assertThat(compare(one, other)).isEqualTo(-compare(other, one));
  }

  @Property
  void theOrderIsTransitive(
      @ForAll("versions") String one,
      @ForAll("versions") String two,
      @ForAll("versions") String three) {
    if (compare(one, two) <= 0 && compare(two, three) <= 0) {
      assertThat(compare(one, three)).isLessThanOrEqualTo(0);
    }
  }

  /** Against systemd's own tool, where it is installed. */
  @Test
  void itIsTheOrderOfSystemd() throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(TOOL), TOOL + " is not installed");
    Random random = new Random(20260101);
    for (int i = 0; i < 300; i++) {
      String one = random(random);
      String other = random(random);
      Process tool =
          new ProcessBuilder(TOOL.toString(), "compare-versions", "--", one, other)
              .redirectErrorStream(true)
              .start();
      String said =
          new String(tool.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      int status = tool.waitFor();
      assumeTrue(status == 0 || status == 11 || status == 12, "too old to compare: " + said);
      assertThat(compare(one, other))
          .as("'%s' and '%s': %s", one, other, said)
          .isEqualTo(status == 0 ? 0 : status == 11 ? 1 : -1);
    }
  }

  private static String random(Random random) {
    StringBuilder version = new StringBuilder("1");
    for (int length = random.nextInt(7); length > 0; length--) {
      version.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return version.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|257|true",
        ">=255|257.13-1~deb13u1|true",
        ">=255|252.38-1~deb12u1|false",
        ">=255|255~rc4|false",
        ">=6.1|6.1.0-18-amd64|true",
        ">=255, <258|257.13|true",
        ">=255, <257|257.13|false",
        "> 257|257.13|true",
        "<=257|257.13|false",
        "=257|257|true",
        "!=257|257|false",
        "257|257|false",
        ">=|257|false",
        ">=255,|257|false",
        "newest|257|false"
      })
  void aConstraintIsMetOrNot(String constraint, String version, boolean met) {
    assertThat(VersionConstraint.isMet(constraint, version)).isEqualTo(met);
  }
}
