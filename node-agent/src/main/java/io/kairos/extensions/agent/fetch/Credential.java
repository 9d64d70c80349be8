package io.kairos.extensions.agent.fetch;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * What a server asks for before it gives an image. Never shown: not by {@code toString} either.
 *
 * @param authorization the value of the header {@code Authorization}
 */
record Credential(String authorization) {
  static Credential basic(String user, String password) {
    return new Credential(
        "Basic "
            + Base64.getEncoder()
                .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8)));
  }

  static Credential bearer(String token) {
    return new Credential("Bearer " + token);
  }

  /** Whether it is a user with a password, that is, no token. */
  boolean isBasic() {
    return authorization.startsWith("Basic ");
  }

  @Override
  public String toString() {
    return isBasic() ? "user name and password" : "token";
  }
}
