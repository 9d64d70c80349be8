package io.kairos.extensions.operator.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.ConfigMapReference;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Requirements;
import io.kairos.extensions.api.v1alpha1.SecretReference;
import io.kairos.extensions.api.v1alpha1.Service;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import io.kairos.extensions.api.v1alpha1.Signature;
import io.kairos.extensions.api.v1alpha1.SystemExtensionSpec;
import io.kairos.extensions.operator.plan.RevisionContent.Item;
import java.util.List;
import org.junit.jupiter.api.Test;

class RevisionJsonTest {
  /** As it was written when revisions were first kept: such objects are in clusters. */
  private static final String KEPT =
      """
      {"activation":"Live","extensions":[{"imageName":"hi","name":"hello","spec":{\
      "caBundle":{"configMap":"site-ca"},"conflicts":["nightly"],\
      "healthChecks":[{"httpGet":{"path":"/x","port":80},"name":"answers","timeoutSeconds":7}],\
      "imageName":"hi","images":[{"architecture":"amd64","sha256":"%s",\
      "url":"https://example.org/a.raw"}],"pullSecret":{"name":"registry"},\
      "requires":{"extensions":["base"],"systemd":">=255"},\
      "services":[{"name":"a.service","onChange":"Reload"}],\
      "signature":{"policy":"Required","trustedCertificates":{"configMap":"keys"}},\
      "type":"Sysext","version":"1.0"}}],"profiles":["active","passive"]}"""
          .formatted(Fleets.digest("a"));

  private final JsonMapper json = new JsonMapper();

  private final RevisionContent content =
      new RevisionContent(
          List.of(
              new Item(
                  "hello",
                  "hi",
                  SystemExtensionSpec.builder()
                      .version("1.0")
                      .imageName("hi")
                      .images(List.of(Fleets.image(Architecture.AMD64, "a")))
                      .services(List.of(new Service("a.service", ServiceAction.RELOAD)))
                      .healthChecks(
                          List.of(
                              HealthCheck.builder()
                                  .name("answers")
                                  .httpGetOrNull(new HealthCheck.HttpGet(80, "/x"))
                                  .timeoutSeconds(7)
                                  .build()))
                      .signatureOrNull(Signature.requiredBy("keys"))
                      .requiresOrNull(new Requirements(">=255", "", List.of("base")))
                      .conflicts(List.of("nightly"))
                      .pullSecretOrNull(new SecretReference("registry"))
                      .caBundleOrNull(new ConfigMapReference("site-ca"))
                      .build())),
          List.of(Profile.PASSIVE, Profile.ACTIVE),
          Activation.LIVE);

  private final String revision = Revision.of(content);

  /**
   * If this fails, no policy can return to what it gave before an upgrade: do not mend the test.
   */
  @Test
  void whatWasKeptIsReadForEver() throws Exception {
    assertThat(RevisionJson.read(json.readTree(KEPT), revision)).hasValue(content);
  }

  @Test
  void everythingIsKept() {
    assertThat(RevisionJson.write(content)).hasToString(KEPT);
    assertThat(RevisionJson.bytes(content)).isEqualTo(KEPT.length());
  }

  @Test
  void aFieldOfALaterVersionThatDoesNotMatterForTheRevisionIsPassedOver() throws Exception {
    ObjectNode later = (ObjectNode) json.readTree(KEPT);
    later.put("comment", "of a later version");
    ((ObjectNode) later.at("/extensions/0/spec")).put("hint", "of a later version");

    assertThat(RevisionJson.read(later, revision)).hasValue(content);
  }

  @Test
  void contentThatIsNotAllOfTheRevisionIsRefused() throws Exception {
    ObjectNode other = (ObjectNode) json.readTree(KEPT);
    ((ObjectNode) other.at("/extensions/0/spec")).put("version", "2.0");

    assertThat(RevisionJson.read(other, revision)).isEmpty();
    assertThat(RevisionJson.read(json.readTree(KEPT), "v2-0123456789abcdef")).isEmpty();
  }

  @Test
  void whatCannotBeReadIsRefused() throws Exception {
    for (String text :
        List.of(
            "null",
            "{}",
            "[1]",
            "\"text\"",
            KEPT.replace("\"Live\"", "\"Teleport\""),
            KEPT.replace("\"extensions\":[{", "\"extensions\":[null,{"),
            KEPT.replace("\"profiles\":[\"active\",\"passive\"]", "\"profiles\":null"))) {
      JsonNode kept = json.readTree(text);
      assertThat(RevisionJson.read(kept, revision)).as(text).isEmpty();
    }
  }
}
