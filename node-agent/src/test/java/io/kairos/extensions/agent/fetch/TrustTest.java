package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrustTest {
  @TempDir private Path folder;

  @Test
  void withoutASitesOwnAuthorityTheJdksAreBelieved() throws Exception {
    assertThat(Trust.context(Optional.empty())).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no certificate\n",
        "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"
      })
  void aFileWithoutACertificateIsNamedAtOnce(String content) throws Exception {
    Path pem = Files.writeString(folder.resolve("ca.pem"), content);
    assertThatThrownBy(() -> Trust.context(Optional.of(pem)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(pem.toString());
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    Path pem = folder.resolve("none.pem");
    assertThatThrownBy(() -> Trust.context(Optional.of(pem)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(pem.toString());
  }
}
