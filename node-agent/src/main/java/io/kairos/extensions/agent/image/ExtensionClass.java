package io.kairos.extensions.agent.image;

import java.util.List;

/**
 * What tells one class of extensions from the other; systemd-sysext(8), systemd-confext(8), and
 * {@code image_class_info} of their source. Everything else is the same for both.
 *
 * <p>The two never meet: each has folders, a merge, a unit and a name space of its own, so that one
 * host may have an extension of each class under one name, and a bad image of one class does not
 * stop the other.
 */
public enum ExtensionClass {
  /** System extensions, over {@code /usr} and {@code /opt}. */
  SYSEXT(
      248,
      "extensions",
      "sysext",
      "/usr:/opt",
      "usr/lib",
      "root=verity+signed+encrypted+unprotected+absent:usr=verity+signed+encrypted+unprotected+absent"),

  /**
   * Configuration extensions, over {@code /etc}: since systemd 254. While one is merged {@code
   * /etc} can neither be written to nor can anything in it be executed, unless the host's own unit
   * says otherwise.
   */
  CONFEXT(
      254, "confexts", "confext", "/etc", "etc", "root=verity+signed+encrypted+unprotected+absent");

  private final int since;
  private final String folder;
  private final String word;
  private final String hierarchies;
  private final String top;
  private final String defaultPolicy;

  ExtensionClass(
      int since, String folder, String word, String hierarchies, String top, String defaultPolicy) {
    this.since = since;
    this.folder = folder;
    this.word = word;
    this.hierarchies = hierarchies;
    this.top = top;
    this.defaultPolicy = defaultPolicy;
  }

  /** The first systemd that merges it. */
  public int since() {
    return since;
  }

  /** What its folders are called, wherever they are: {@code /run/extensions}. */
  public String folder() {
    return folder;
  }

  /** What its images may have before {@code .raw}, from systemd 257 on: {@code .sysext}. */
  public String suffix() {
    return "." + word;
  }

  /** The source that the mount table shows for its merges, and the folder that each carries. */
  public String mountSource() {
    return word;
  }

  /** The program that merges, by which its unit is called, too. */
  public String program() {
    return "systemd-" + word;
  }

  /** What merges it at boot, and when it is reloaded. */
  public String unit() {
    return program() + ".service";
  }

  /** What is merged when nobody says otherwise. */
  public List<String> hierarchies() {
    return List.of(hierarchies.split(":", -1));
  }

  /** The variable of the unit's environment that says otherwise. */
  public String hierarchiesVariable() {
    return "SYSTEMD_" + name() + "_HIERARCHIES";
  }

  /** Where an image has its extension-release file, from the image's root. */
  public String releaseFolder() {
    return top + "/extension-release.d";
  }

  /**
   * The files of the host that an image must not replace, from its root. systemd itself refuses
   * {@code usr/lib/os-release} alone, and takes a merged {@code etc/os-release} for the host's own
   * from then on (tried on 257).
   */
  public List<String> osRelease() {
    return this == SYSEXT
        ? List.of("usr/lib/os-release")
        : List.of("usr/lib/os-release", "etc/os-release");
  }

  /** Where an image has unit files, from its root. */
  public List<String> unitFolders() {
    return List.of(top + "/systemd/system", top + "/systemd/user");
  }

  /** The field of os-release and extension-release that may stand for the version. */
  public String levelField() {
    return name() + "_LEVEL";
  }

  /** The field of extension-release that says for what kinds of system it is made. */
  public String scopeField() {
    return name() + "_SCOPE";
  }

  /** What its program takes when nobody says otherwise, from systemd 254 on. */
  public String defaultPolicy() {
    return defaultPolicy;
  }
}
