package io.kairos.extensions.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.Gpt;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.ImageBytes;
import io.kairos.extensions.agent.image.ImageInspector;
import io.kairos.extensions.agent.image.ImagePolicy;
import io.kairos.extensions.agent.image.Inspection;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.image.TrustedCertificates;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent's verdicts on images that the real systemd-repart made. */
class SignedImagesTest {
  private static final String NAME = "hello";

  @TempDir static Path folder;

  private static SignedImages.Key owner;
  private static SignedImages.Key stranger;
  private static Path signed;
  private static Path unsigned;
  private static Path plain;

  @BeforeAll
  static void build() {
    SignedImages.obstacle().ifPresent(why -> assumeTrue(false, why));
    SignedImages images = new SignedImages(folder);
    owner = images.key("owner");
    stranger = images.key("stranger");
    signed = images.signed(NAME, "1.0.0", owner).path();
    unsigned = images.unsigned(NAME, "1.0.1").path();
    plain = new SampleImages(folder).plain(NAME, "1.1.0").path();
  }

  /** Partitions as systemd-repart orders them. */
  private static final int DATA = 0;

  private static final int TREE = 1;
  private static final int SIGNATURE = 2;

  private static int offset(byte[] image, int partition) throws IOException {
    return (int) Gpt.read(ImageBytes.of(image)).partitions().get(partition).offset();
  }

  private static byte[] flipped(int partition, int at) throws IOException {
    byte[] image = Files.readAllBytes(signed);
    image[offset(image, partition) + at] ^= 1;
    return image;
  }

  /**
   * The signature partition with one character near the end of a field changed: the signature
   * itself lies at the end of its message, behind a certificate that nobody looks at.
   */
  private static byte[] edited(String field) throws IOException {
    byte[] image = Files.readAllBytes(signed);
    int start = offset(image, SIGNATURE);
    String json = new String(image, start, 8192, StandardCharsets.US_ASCII);
    int value = json.indexOf('"', json.indexOf("\"" + field + "\"") + field.length() + 2) + 1;
    int end = json.indexOf('"', value);
    int at = start + Math.max(value, end - 50);
    image[at] = (byte) (image[at] == 'a' ? 'b' : 'a');
    return image;
  }

  private static TrustedCertificates trust(SignedImages.Key... keys) {
    try {
      List<byte[]> files = new java.util.ArrayList<>();
      for (SignedImages.Key key : keys) {
        files.add(Files.readAllBytes(key.certificate()));
      }
      return TrustedCertificates.ofPem("the test", files);
    } catch (IOException | CertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HostFacts host() {
    MachineArchitecture architecture =
        MachineArchitecture.ofMachine(
                System.getProperty("os.arch").equals("amd64")
                    ? "x86_64"
                    : System.getProperty("os.arch"))
            .orElseThrow();
    OsRelease.Parsed release = OsRelease.parse("ID=any\n".getBytes(StandardCharsets.UTF_8));
    return HostFacts.of(architecture, ((OsRelease.Valid) release).release());
  }

  private static String verdict(byte[] image, HostFacts host) throws IOException {
    Inspection inspection = ImageInspector.inspect(ImageBytes.of(image), NAME, host);
    return inspection instanceof Inspection.Unfit unfit
        ? unfit.reason().text() + ": " + unfit.message()
        : "Fits";
  }

  @Test
  void everyVerdictOnASignedImageIsAsItShouldBe() throws Exception {
    HostFacts demanding = host().signedBy(List.of(trust(owner)));
    Map<String, String> verdicts = new LinkedHashMap<>();
    verdicts.put("right key", verdict(Files.readAllBytes(signed), demanding));
    verdicts.put(
        "wrong key",
        verdict(Files.readAllBytes(signed), host().signedBy(List.of(trust(stranger)))));
    verdicts.put(
        "no key",
        verdict(Files.readAllBytes(signed), host().signedBy(List.of(TrustedCertificates.NONE))));
    verdicts.put("tampered data block", verdict(flipped(DATA, 1000 * 512 + 7), demanding));
    verdicts.put("tampered hash tree", verdict(flipped(TREE, 4096 + 77), demanding));
    verdicts.put("tampered signature", verdict(edited("signature"), demanding));
    verdicts.put("tampered root hash", verdict(edited("rootHash"), demanding));
    verdicts.put("unsigned verity", verdict(Files.readAllBytes(unsigned), demanding));
    verdicts.put("plain", verdict(Files.readAllBytes(plain), demanding));
    verdicts.put("unsigned verity, none demanded", verdict(Files.readAllBytes(unsigned), host()));
    verdicts.forEach((what, verdict) -> System.out.printf("%-32s %s%n", what, verdict));

    Map<String, String> reasons = new LinkedHashMap<>();
    verdicts.forEach((what, verdict) -> reasons.put(what, verdict.split(":", 2)[0]));
    assertThat(reasons)
        .containsExactly(
            Map.entry("right key", "Fits"),
            Map.entry("wrong key", "SignatureUntrusted"),
            Map.entry("no key", "SignatureUntrusted"),
            Map.entry("tampered data block", "DataTampered"),
            Map.entry("tampered hash tree", "DataTampered"),
            Map.entry("tampered signature", "SignatureInvalid"),
            Map.entry("tampered root hash", "SignatureInvalid"),
            Map.entry("unsigned verity", "SignatureRequired"),
            Map.entry("plain", "SignatureRequired"),
            Map.entry("unsigned verity, none demanded", "Fits"));
    assertThat(verdicts.get("wrong key")).contains("CN=owner", "CN=stranger");
  }

  @Test
  void everyBlockThatIsTamperedWithIsTheOneThatIsNamed() throws Exception {
    byte[] image = Files.readAllBytes(signed);
    int data = offset(image, DATA);
    int bytes = offset(image, TREE) - data;
    for (int at : new int[] {3000, bytes / 3, bytes / 2 + 11, bytes - 1}) {
      image[data + at] ^= 0x40;
      assertThat(verdict(image, host()))
          .startsWith("DataTampered: data block ")
          .contains(" of the data partition");
      image[data + at] ^= 0x40;
    }
    assertThat(verdict(image, host())).isEqualTo("Fits");
  }

  @Test
  void policiesTellTheImagesApart() throws Exception {
    Map<String, String> wanted =
        Map.of(
            "root=verity+signed+absent:usr=verity+signed+absent",
            "Fits Fits ImagePolicyRefused",
            "root=signed+absent:usr=signed+absent",
            "Fits ImagePolicyRefused ImagePolicyRefused",
            ExtensionClass.SYSEXT.defaultPolicy(),
            "Fits Fits Fits");
    for (var policy : wanted.entrySet()) {
      HostFacts host = host().withPolicies(List.of(ImagePolicy.parse(policy.getKey())));
      String found =
          verdict(Files.readAllBytes(signed), host).split(":", 2)[0]
              + " "
              + verdict(Files.readAllBytes(unsigned), host).split(":", 2)[0]
              + " "
              + verdict(Files.readAllBytes(plain), host).split(":", 2)[0];
      assertThat(found).as(policy.getKey()).isEqualTo(policy.getValue());
    }
  }
}
