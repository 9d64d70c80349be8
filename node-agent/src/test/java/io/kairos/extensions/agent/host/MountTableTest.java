package io.kairos.extensions.agent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kairos.extensions.agent.image.ExtensionClass;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MountTableTest {
  private static final String USR =
      "210 29 0:61 / /usr ro,nodev,relatime shared:9 - overlay sysext"
          + " ro,lowerdir=/run/systemd/sysext/meta/usr"
          + ":/run/systemd/sysext/extensions/tool/usr"
          + ":/run/systemd/sysext/extensions/hello-2.1/usr:/usr\t";
  private static final String MADE = "2026-11-23 10:00:00.123456789 +0000";

  private static Host.Merge sysexts(String printed) throws HostException {
    return MountTable.parse(printed).merge(ExtensionClass.SYSEXT);
  }

  @Test
  void eachClassHasAMergeOfItsOwn() throws HostException {
    String etc =
        "129 67 0:58 / /etc ro,nosuid,nodev,noexec,relatime shared:56 - overlay confext"
            + " ro,lowerdir=/run/systemd/sysext/meta/etc"
            + ":/run/systemd/sysext/confexts/tool/etc"
            + ":/run/systemd/sysext/confexts/site/etc:/etc,redirect_dir=on\t"
            + MADE;
    MountTable both = MountTable.parse(USR + MADE + "\n" + etc + "\nrival tool.raw\n");
    assertThat(both.merge(ExtensionClass.SYSEXT)).isEqualTo(sysexts(USR + MADE));
    assertThat(both.merge(ExtensionClass.CONFEXT).names())
        .containsExactlyInAnyOrder("tool", "site");
    assertThat(both.merge(ExtensionClass.CONFEXT).id()).contains("/etc").doesNotContain("/usr");
    assertThat(both.points()).containsExactly("/etc", "/usr");
    assertThat(both.rivals(ExtensionClass.CONFEXT)).isEmpty();
    assertThat(MountTable.parse(etc).merge(ExtensionClass.SYSEXT))
        .isEqualTo(new Host.Merge("", Set.of()));
  }

  @Test
  void aHierarchyThatIsWritableHasAMountOnItThatIsNoExtension() throws HostException {
    String etc =
        "137 67 0:58 / /etc rw,noatime - overlay confext rw,lowerdir=/run/systemd/sysext/meta/etc"
            + ":/run/systemd/sysext/confexts/site/etc:/etc,upperdir=/x/etc\t";
    String folder =
        "138 137 0:58 /.systemd-confext /etc/.systemd-confext ro - overlay confext"
            + " rw,lowerdir=/run/systemd/sysext/meta/etc"
            + ":/run/systemd/sysext/confexts/site/etc:/etc,upperdir=/x/etc\t";
    MountTable table = MountTable.parse(etc + MADE + "\n" + folder + "\n");
    assertThat(table.merge(ExtensionClass.CONFEXT).names()).containsExactly("site");
    assertThat(table.visibleBelow(List.of("/etc"))).isEmpty();
  }

  @Test
  void nothingPrintedIsNothingMerged() throws HostException {
    assertThat(sysexts("")).isEqualTo(new Host.Merge("", Set.of()));
  }

  @Test
  void theLowerLayersNameTheExtensions() throws HostException {
    assertThat(sysexts(USR + MADE + "\n").names()).containsExactlyInAnyOrder("tool", "hello-2.1");
  }

  @Test
  void layersAreReadAsTheNewMountInterfaceListsThemToo() throws HostException {
    String line =
        "7 1 0:5 / /opt ro - overlay sysext"
            + " ro,lowerdir+=/run/systemd/sysext/meta/opt"
            + ",lowerdir+=/run/systemd/sysext/extensions/tool/opt,lowerdir+=/opt,uuid=on\t";
    assertThat(sysexts(line + MADE).names()).containsExactly("tool");
  }

  @Test
  void everyHierarchyCounts() throws HostException {
    String bin =
        "211 29 0:62 / /usr/bin ro,relatime - overlay sysext"
            + " ro,lowerdir=/run/systemd/sysext/extensions/other/usr/bin:/usr/bin\t";
    Host.Merge merge = sysexts(USR + MADE + "\n" + bin + MADE + "\n");
    assertThat(merge.names()).containsExactlyInAnyOrder("tool", "hello-2.1", "other");
    assertThat(merge.id()).isEqualTo(sysexts(bin + MADE + "\n" + USR + MADE).id());
    assertThat(merge.id()).isNotEqualTo(sysexts(USR + MADE).id());
  }

  @Test
  void theSameMountIsTheSameMerge() throws HostException {
    assertThat(sysexts(USR + MADE)).isEqualTo(sysexts(USR + MADE + "\n"));
  }

  @ParameterizedTest
  @CsvSource({"210, 212", "0:61, 0:62", "123456789, 123456790"})
  void anotherMountIdDeviceOrTimeIsAnotherMerge(String from, String to) throws HostException {
    String line = USR + MADE;
    String other = line.replace(from, to);
    assertThat(other).isNotEqualTo(line);
    assertThat(sysexts(other).id()).isNotEqualTo(sysexts(line).id());
  }

  private static final List<String> DEFAULT = List.of("/usr", "/opt");

  @Test
  void mountsBelowAHierarchyThatIsNotMergedAreInTheWay() throws HostException {
    String printed =
        "below 54 29 /usr/nested\nbelow 55 54 /usr/nested/deeper\nbelow 56 29 /opt/x\n";
    assertThat(MountTable.parse(printed).visibleBelow(DEFAULT))
        .isEqualTo(
            Map.of("/usr", Set.of("/usr/nested", "/usr/nested/deeper"), "/opt", Set.of("/opt/x")));
    assertThat(sysexts(printed)).isEqualTo(new Host.Merge("", Set.of()));
  }

  @Test
  void ofAMergedHierarchyOnlyThoseThatLieOnTheMerge() throws HostException {
    String printed =
        USR + MADE + "\nbelow 54 29 /usr/hidden\nbelow 300 210 /usr/on\nbelow 301 300 /usr/on/it\n";
    assertThat(MountTable.parse(printed).visibleBelow(DEFAULT))
        .isEqualTo(Map.of("/usr", Set.of("/usr/on", "/usr/on/it")));
  }

  @Test
  void hierarchiesMayLieInOneAnother() throws HostException {
    assertThat(
            MountTable.parse("below 54 29 /usr/lib/x\n")
                .visibleBelow(List.of("/usr", "/usr/lib", "/us")))
        .isEqualTo(Map.of("/usr", Set.of("/usr/lib/x"), "/usr/lib", Set.of("/usr/lib/x")));
  }

  @Test
  void whatLiesInEtcIsNamedByTheExtensionThatItWouldBe() throws HostException {
    String printed = "rival tool.raw\nrival other.sysext.raw\nrival folder\n";
    assertThat(MountTable.parse(printed).rivals(ExtensionClass.SYSEXT))
        .isEqualTo(
            Map.of(
                "tool", "/etc/extensions/tool.raw",
                "other", "/etc/extensions/other.sysext.raw",
                "folder", "/etc/extensions/folder"));
    assertThat(sysexts(printed)).isEqualTo(new Host.Merge("", Set.of()));
  }

  @Test
  void onlyPlainNamesGetIntoTheScript() {
    assertThat(MountTable.script(List.of("/usr", "/usr/local/bin")))
        .contains("(/usr|/usr/local/bin)/");
    assertThat(MountTable.script(List.of("/a'; reboot; '", "/x|y", "usr", "")))
        .isEqualTo(MountTable.script(List.of()));
  }

  @Test
  void aHierarchyWithoutItsFolderIsStillToldByItsMount() throws HostException {
    assertThat(sysexts(USR).id()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sh: grep: not found",
        "\n",
        "210 29 0:61 / /usr ro - overlay overlay ro,lowerdir=/a:/b\t",
        "210 29 0:61 / /usr ro - overlay sysext ro,lowerdir=/run/systemd/sysext/exten"
      })
  void whatIsNoMountTableIsAnErrorAndNotAnEmptyMerge(String printed) {
    assertThatThrownBy(() -> MountTable.parse(printed)).isInstanceOf(HostException.class);
  }
}
