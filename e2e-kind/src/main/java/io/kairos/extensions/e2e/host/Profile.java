package io.kairos.extensions.e2e.host;

import java.util.Optional;

/** What a host boots into: decides its sentinel in {@code /run/cos} and whose links are merged. */
public enum Profile {
  /** The system that boots by default. */
  ACTIVE("active", Optional.of("active")),
  /** The previous system, the fallback. */
  PASSIVE("passive", Optional.of("passive")),
  /** The recovery system. */
  RECOVERY("recovery", Optional.of("recovery")),
  /** The recovery system in the course of a reset: it reads the folder of recovery. */
  AUTORESET("autoreset", Optional.of("recovery")),
  /** A live medium: nothing is linked, not even {@code common}. */
  LIVE("live", Optional.empty());

  private final String text;
  private final Optional<String> folder;

  Profile(String text, Optional<String> folder) {
    this.text = text;
    this.folder = folder;
  }

  /** The name as Kairos spells it. */
  public String text() {
    return text;
  }

  /** The name of the file in {@code /run/cos} that says so. */
  public String sentinel() {
    return text + "_mode";
  }

  /** The profile folder whose links a boot into this profile takes, beside {@code common}. */
  public Optional<String> folder() {
    return folder;
  }
}
