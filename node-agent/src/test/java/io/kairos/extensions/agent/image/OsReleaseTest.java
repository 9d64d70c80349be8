package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OsReleaseTest {
  private static OsRelease.Parsed parse(String text) {
    return OsRelease.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Map<String, String> fields(String text) {
    assertThat(parse(text)).isInstanceOf(OsRelease.Valid.class);
    return ((OsRelease.Valid) parse(text)).release().fields();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '|',
      delimiter = '^',
      value = {
        "A=b^b",
        "A=\"b c\"^b c",
        "A='b \"c'^b \"c",
        "A=\"b\\\"c\\$d\\n\"^b\"c$d\\n",
        "A=b\\ c^b c",
        "A=  b c  ^b c",
        "A='b'\"c\"d^bcd",
        "A=b'c'^b'c'",
        "A =b^b",
        "A=b#c^b#c",
        "A=é^é"
      })
  void valuesAreReadAsSystemdReadsThem(String line, String value) {
    assertThat(fields(line + "\n")).containsExactlyEntriesOf(Map.of("A", value));
  }

  @Test
  void commentsEmptyLinesAndLinesWithoutAssignmentArePassedOver() {
    assertThat(fields("# A=1\n; B=2\n\n  \nnonsense\r\nC=3\r\nD=\n"))
        .isEqualTo(Map.of("C", "3", "D", ""));
  }

  @Test
  void aBackslashAtTheEndJoinsLinesButDoesNotContinueAComment() {
    assertThat(fields("A=b\\\nc\n# comment \\\nD=e\nF=\"g\\\nh\""))
        .isEqualTo(Map.of("A", "bc", "D", "e", "F", "gh"));
  }

  @Test
  void anOpenQuoteReachesToTheEnd() {
    assertThat(fields("A='open\nB=2\n")).isEqualTo(Map.of("A", "open\nB=2\n"));
  }

  @Test
  void theLastOfTwoValuesCounts() {
    assertThat(fields("A=1\nB=2\nA=3\n")).isEqualTo(Map.of("A", "3", "B", "2"));
  }

  @Test
  void anAbsentFieldIsEmptyTextAndNoValue() {
    OsRelease release = Fixtures.os("ID=x", "EMPTY=");
    assertThat(release.id()).isEqualTo("x");
    assertThat(release.versionId()).isEmpty();
    assertThat(release.field("EMPTY")).hasValue("");
    assertThat(release.field("NONE")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 0xff, 0xc0})
  void bytesThatAreNoTextSpoilTheFile(int b) {
    byte[] bytes = {'I', 'D', '=', 'x', '\n', 'A', '=', (byte) b, '\n'};
    assertThat(OsRelease.parse(bytes))
        .isInstanceOfSatisfying(
            OsRelease.Invalid.class, invalid -> assertThat(invalid.line()).isEqualTo(2));
  }

  @Property
  void anyTextSurvivesSingleQuotes(
      @ForAll @StringLength(max = 40) @CharRange(from = ' ', to = 'ÿ') String text) {
    String value = text.replace("'", "").replace("\u007f", "");
    assertThat(fields("A='" + value + "'\n")).isEqualTo(Map.of("A", value));
  }

  @Property
  void anyBytesGiveAnAnswer(@ForAll byte[] bytes) {
    assertThat(OsRelease.parse(bytes)).isNotNull();
  }
}
