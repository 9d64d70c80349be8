package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImagePolicyTest {
  private static final byte[] EROFS = Fixtures.bytes("erofs-zstd");
  private static final Signer OWNER = Signer.named("owner");
  private static final byte[] VERITY = new VerityImage(EROFS).build(Optional.empty());
  private static final byte[] SIGNED = new VerityImage(EROFS).build(Optional.of(OWNER));
  private static final byte[] GPT = new GptBuilder().add(GptBuilder.ROOT_X86_64, EROFS).build();
  private static final byte[] USR = new GptBuilder().add(GptBuilder.USR_X86_64, EROFS).build();

  private static Optional<String> refusal(String policy, byte[] image) {
    try {
      return ImagePolicy.parse(policy)
          .refusal(ImageLayout.of(ImageBytes.of(image), MachineArchitecture.X86_64));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** y takes, n refuses: bare, GPT, verity, signed, usr. */
  @ParameterizedTest
  @CsvSource({
    "*, yyyyy",
    "~, nnnnn",
    "-, nnnnn",
    "'', nnnnn",
    "root=verity+signed+encrypted+unprotected+absent:usr=verity+signed+encrypted+unprotected+absent, yyyyy",
    "root=verity+absent:usr=verity+absent, nnyyn",
    "root=verity+signed+absent:usr=verity+signed+absent, nnyyn",
    "root=signed+absent:usr=signed+absent, nnnyn",
    "root=signed+absent, nnnyn",
    "root=verity, nnyyn",
    "root=unprotected, yyyyn",
    "root=unprotected+absent:usr=unprotected, ynnny",
    "root=open, yyyyn",
    "root=open:usr=open, yyyyy",
    "root=ignore:usr=open, nnnny",
    "root=encrypted+absent:usr=open, nnnny",
    "=open, yyyyy",
    "=absent:root=open, yyyyn",
    "=unprotected:root=open, ynnnn",
    "=unprotected+absent, yynny",
    "root=verity+signed+absent:root-verity-sig=absent, nnynn",
    "root=verity+signed+absent:root-verity=unused+absent, nnnnn",
    "root=unprotected+read-only-on, nnnnn",
    "root=open+read-only-off+growfs-off, yyyyn",
    "root=open+growfs-on, nnnnn",
    "root=open+erofs+ext4, yyyyn",
    "root=open+squashfs, nnnnn",
    "' root = open : usr = open ', yyyyy",
    "root=-:usr=-, yyyyy",
    "root=open:home=absent:esp=unused+absent, yyyyn",
    "root=open:home=unprotected, ynnnn"
  })
  void aPolicyTakesWhatSystemdTakes(String policy, String wanted) {
    StringBuilder found = new StringBuilder();
    for (byte[] image : List.of(EROFS, GPT, VERITY, SIGNED, USR)) {
      found.append(refusal(policy, image).isPresent() ? 'n' : 'y');
    }
    assertThat(found).hasToString(wanted);
  }

  @ParameterizedTest
  @CsvSource({
    "root, no '='",
    "root=open:, no '='",
    "boot=open, no kind of partition",
    "root=sealed, no use",
    "root=open++absent, no use",
    "root=open:root=absent, twice",
    "=open:=absent, twice"
  })
  void whatIsNoPolicyTakesNothingAndSaysWhy(String policy, String why) {
    assertThat(refusal(policy, SIGNED).orElseThrow()).contains(why, policy, "--image-policy");
  }

  @Test
  void aRefusalNamesThePolicyAndTheImage() {
    String policy = "root=verity+signed+absent:usr=verity+signed+absent";
    assertThat(refusal(policy, EROFS).orElseThrow())
        .contains(policy, "a plain erofs file system", "unprotected", "verity+signed+absent");
    assertThat(refusal("root=signed", VERITY).orElseThrow()).contains("verity that nobody signed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "root=signed+absent:usr=signed+absent",
        "root=signed+unused+absent:usr=absent",
        "root=signed",
        "~",
        "-",
        "root=nonsense"
      })
  void whatTakesNothingUnsignedDemandsSignatures(String policy) {
    assertThat(ImagePolicy.parse(policy).demandsSignatures()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "root=verity+signed+encrypted+unprotected+absent:usr=verity+signed+encrypted+unprotected+absent",
        "root=verity+absent:usr=verity+absent",
        "root=verity+signed+absent:usr=verity+signed+absent",
        "root=signed:usr=unprotected",
        "root=signed:=open",
        "root=:usr=signed",
        "*"
      })
  void whatTakesVerityThatNobodySignedIsWeak(String policy) {
    assertThat(ImagePolicy.parse(policy).demandsSignatures()).isFalse();
  }

  @Property(tries = 500)
  void anyTextIsAPolicyOrNone(@ForAll @CharRange(from = ' ', to = '~') String text) {
    assertThat(refusal(text, SIGNED)).isNotNull();
    assertThat(refusal("root=" + text, EROFS)).isNotNull();
  }

  @Test
  void theInspectorRefusesWhatAPolicyOfTheHostDoes() throws Exception {
    HostFacts host =
        Fixtures.host()
            .withPolicies(
                List.of(
                    ImagePolicy.parse(ExtensionClass.SYSEXT.defaultPolicy()),
                    ImagePolicy.parse("root=signed+absent:usr=signed+absent")));
    Inspection plain = ImageInspector.inspect(ImageBytes.of(EROFS), "demo", host);
    assertThat(plain)
        .isInstanceOfSatisfying(
            Inspection.Unfit.class,
            unfit -> assertThat(unfit.reason()).isEqualTo(UnfitReason.IMAGE_POLICY_REFUSED));
    assertThat(ImageInspector.inspect(ImageBytes.of(SIGNED), "demo", host))
        .isInstanceOf(Inspection.Fits.class);
  }
}
