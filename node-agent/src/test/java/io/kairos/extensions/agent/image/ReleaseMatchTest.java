package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReleaseMatchTest {
  private static Optional<Inspection.Unfit> check(String extension, String host) {
    return ReleaseMatch.check(
        Fixtures.os(extension.split(" ")),
        HostFacts.of(MachineArchitecture.X86_64, Fixtures.os(host.split(" "))));
  }

  @ParameterizedTest(name = "{0} fits {1}")
  @CsvSource({
    "ID=_any,ID=kairos VERSION_ID=1",
    "ID=_any VERSION_ID=9 SYSEXT_LEVEL=9,ID=kairos VERSION_ID=1 SYSEXT_LEVEL=1",
    "ID=kairos VERSION_ID=1,ID=kairos VERSION_ID=1",
    "ID=kairos VERSION_ID=2 SYSEXT_LEVEL=1,ID=kairos VERSION_ID=1 SYSEXT_LEVEL=1",
    "ID=kairos SYSEXT_LEVEL=1,ID=kairos VERSION_ID=1 SYSEXT_LEVEL=1",
    "ID=kairos SYSEXT_LEVEL=2 VERSION_ID=1,ID=kairos VERSION_ID=1",
    "ID=kairos VERSION_ID=1,ID=kairos VERSION_ID=1 SYSEXT_LEVEL=1",
    "ID=arch,ID=arch",
    "ID=arch VERSION_ID=1 SYSEXT_LEVEL=2,ID=arch",
    "ID=kairos,ID=kairos SYSEXT_LEVEL=1",
    "ID=_any ARCHITECTURE=x86-64,ID=kairos",
    "ID=_any ARCHITECTURE=_any,ID=kairos",
    "ID=_any ARCHITECTURE=,ID=kairos",
    "ID=_any SYSEXT_SCOPE=system,ID=kairos"
  })
  void fits(String extension, String host) {
    assertThat(check(extension, host)).isEmpty();
  }

  @ParameterizedTest(name = "{0} does not fit {1}")
  @CsvSource({
    "ID=flatcar VERSION_ID=1,ID=kairos VERSION_ID=1,OsMismatch,flatcar,kairos",
    "ID=kairos VERSION_ID=1,ID=kairos VERSION_ID=2,OsMismatch,'1','2'",
    "ID=kairos,ID=kairos VERSION_ID=2,OsMismatch,no VERSION_ID,'2'",
    "ID=kairos SYSEXT_LEVEL=1 VERSION_ID=2,ID=kairos VERSION_ID=2 SYSEXT_LEVEL=2,OsMismatch,SYSEXT_LEVEL,'2'",
    "ID=kairos SYSEXT_LEVEL=2,ID=kairos VERSION_ID=2,OsMismatch,no VERSION_ID,'2'",
    "ID=debian VERSION_ID=1,ID=kairos ID_LIKE=debian VERSION_ID=1,OsMismatch,debian,kairos",
    "ID=arm ARCHITECTURE=arm64,ID=kairos,ArchitectureMismatch,arm64,x86-64",
    "ID=_any ARCHITECTURE=amd64,ID=kairos,ArchitectureMismatch,amd64,x86-64",
    "ID=_any SYSEXT_SCOPE=portable,ID=kairos,ScopeMismatch,portable,system",
    "ID=_any SYSEXT_SCOPE=,ID=kairos,ScopeMismatch,SYSEXT_SCOPE,system",
    "VERSION_ID=1,ID=kairos VERSION_ID=1,ExtensionReleaseInvalid,no ID,no ID"
  })
  void doesNotFit(String extension, String host, String reason, String one, String other) {
    assertThat(check(extension, host))
        .hasValueSatisfying(
            unfit -> {
              assertThat(unfit.reason().text()).isEqualTo(reason);
              assertThat(unfit.message()).contains(one).contains(other);
            });
  }

  @Test
  void idLikeCountsWhereTheHostsSystemdSaysSo() {
    OsRelease host = Fixtures.os("ID=kairos", "ID_LIKE=\"ubuntu debian\"");
    HostFacts facts =
        new HostFacts(MachineArchitecture.X86_64, host, true, ExtensionClass.SYSEXT.hierarchies());
    assertThat(ReleaseMatch.check(Fixtures.os("ID=debian"), facts)).isEmpty();
    assertThat(ReleaseMatch.check(Fixtures.os("ID=deb"), facts)).isPresent();
  }

  @Test
  void aScopeMayListSeveralWords() {
    HostFacts facts =
        new HostFacts(MachineArchitecture.ARM64, Fixtures.os("ID=kairos"), false, List.of("/usr"));
    OsRelease extension = Fixtures.os("ID=_any", "SYSEXT_SCOPE=\"initrd system\"");
    assertThat(ReleaseMatch.check(extension, facts)).isEmpty();
  }
}
