package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MirrorsTest {
  private static final String ORIGIN = "https://images.example.org/a/b.raw";

  @Test
  void mirrorsComeFirstAndTheOriginLast() {
    Mirrors mirrors =
        Mirrors.parse(
            "https://images.example.org=https://near.example/images, "
                + "https://images.example.org/a/=http://10.0.0.1:8080/,"
                + "https://other.example=https://never.example");
    assertThat(mirrors.places(ORIGIN))
        .containsExactly(
            "https://near.example/images/a/b.raw", "http://10.0.0.1:8080/b.raw", ORIGIN);
  }

  @Test
  void aPrefixEndsWhereANameEnds() {
    Mirrors mirrors = Mirrors.parse("https://images.example.org/a=https://near.example");
    assertThat(mirrors.places("https://images.example.org/ab.raw")).hasSize(1);
    assertThat(mirrors.places("https://images.example.org/a")).hasSize(1);
  }

  @Test
  void withoutMirrorsThereIsTheOriginAlone() {
    assertThat(Mirrors.parse("").places(ORIGIN)).containsExactly(ORIGIN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://images.example.org",
        "images.example.org=https://near.example",
        "https://images.example.org=ftp://near.example",
        "https://images.example.org=https://user:geheim@near.example",
        "https://images.example.org=https://near.example?token=geheim",
        "https://images.example.org="
      })
  void whatMakesNoSenseIsNamed(String text) {
    assertThatThrownBy(() -> Mirrors.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("SYSEXT_MIRRORS")
        .hasMessageNotContaining("geheim");
  }
}
