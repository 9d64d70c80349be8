package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import lombok.Builder;

/**
 * A host, as its agent found it.
 *
 * @param layout where extensions lie on it: {@link #KAIROS} or {@link #SYSTEMD}
 * @param bootProfile active, passive, recovery, or empty where no sentinel tells; always active on
 *     a host that has but one profile
 * @param bootId the kernel's, new with each boot
 * @param architecture as systemd names it
 * @param osRelease what extension-release is matched against
 * @param systemd the version of systemd
 * @param kernel the release of the kernel
 * @param storeFreeBytes room in the file system of the store, rounded down to whole 64 MiB so that
 *     it does not make a report of every written block
 * @param trustedBoot whether the host was booted from a signed unified kernel image (Trusted Boot)
 * @param imagePolicy what systemd-sysext takes here, systemd.image-policy(7); several, separated by
 *     {@code ", "}, where start and reload of its unit differ; empty where the host has none
 * @param confextImagePolicy the same of systemd-confext
 * @param loopDevices loop devices of the host that have an image of ours open: more than there are
 *     extensions when processes from before a refresh still hold older merges
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record HostStatus(
    @JsonPropertyDescription(
            "Where extensions lie on the host: Kairos (boot profiles, linked by immucore) or Systemd (one profile, in"
                + " the folders that systemd-sysext and systemd-confext look into).")
        String layout,
    @JsonPropertyDescription(
            "active, passive or recovery; absent where no sentinel tells. active on a host of layout Systemd.")
        String bootProfile,
    @JsonPropertyDescription("The kernel's boot_id, new with each boot.") String bootId,
    @JsonPropertyDescription("As systemd names it: x86-64, arm64, …") String architecture,
    @JsonPropertyDescription("What extension-release is matched against.") OsRelease osRelease,
    @JsonPropertyDescription("The version of systemd.") String systemd,
    @JsonPropertyDescription("The release of the kernel.") String kernel,
    @JsonPropertyDescription("Room in the file system of the store, in whole 64 MiB.")
        long storeFreeBytes,
    @JsonPropertyDescription(
            "Whether the host was booted from a signed unified kernel image (Trusted Boot).")
        boolean trustedBoot,
    @JsonPropertyDescription(
            "What systemd-sysext takes on this host, as systemd.image-policy(7) spells it; absent where it takes"
                + " everything.")
        String imagePolicy,
    @JsonPropertyDescription("The same of systemd-confext.") String confextImagePolicy,
    @JsonPropertyDescription("Loop devices that have an image of ours open.") int loopDevices) {

  /** A store with boot profiles, of which immucore links the booted one. */
  public static final String KAIROS = "Kairos";

  /** One profile: the folders that systemd itself looks into. */
  public static final String SYSTEMD = "Systemd";

  /** Before the first report. */
  public static final HostStatus UNKNOWN =
      new HostStatus("", "", "", "", OsRelease.UNKNOWN, "", "", 0, false, "", "", 0);

  /** Absent values as empty ones. */
  public HostStatus {
    layout = Values.text(layout);
    bootProfile = Values.text(bootProfile);
    bootId = Values.text(bootId);
    architecture = Values.text(architecture);
    osRelease = Values.or(osRelease, OsRelease.UNKNOWN);
    systemd = Values.text(systemd);
    kernel = Values.text(kernel);
    imagePolicy = Values.text(imagePolicy);
    confextImagePolicy = Values.text(confextImagePolicy);
  }

  /**
   * The fields of os-release(5) that decide whether an extension fits.
   *
   * @param id ID
   * @param versionId VERSION_ID, empty on rolling systems
   * @param sysextLevel SYSEXT_LEVEL, mostly empty
   * @param confextLevel CONFEXT_LEVEL, mostly empty
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record OsRelease(String id, String versionId, String sysextLevel, String confextLevel) {
    /** Before the first report. */
    public static final OsRelease UNKNOWN = new OsRelease("", "", "", "");

    /** Absent values as empty ones. */
    public OsRelease {
      id = Values.text(id);
      versionId = Values.text(versionId);
      sysextLevel = Values.text(sysextLevel);
      confextLevel = Values.text(confextLevel);
    }
  }
}
