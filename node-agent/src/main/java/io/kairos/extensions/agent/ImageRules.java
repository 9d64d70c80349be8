package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.plan.BootedSystem;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.ImageUse;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.KeptNote;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Signature;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What images of a class are held against, and were: the os-release of the host and of its other
 * boot entries, image policies and hierarchies, and the certificates of those who have to have
 * signed them. Each may change while the agent runs, and while none does: by which rules an image
 * was found fit is noted, so that the next life looks into those again for which other rules hold
 * by then, and into no other. What was refused is not noted: it is looked into again. Used by the
 * agent's loop alone.
 */
final class ImageRules {
  private static final Logger LOG = LoggerFactory.getLogger(ImageRules.class);

  private final ExtensionClass extensionClass;
  private final Supplier<Host.Identity> identity;
  private final Supplier<Map<Profile, BootedSystem>> others;
  private final SignatureRules signatures;

  /** The rules by which images were looked into, as digests. */
  private final Map<ImageUse, String> judged = new HashMap<>();

  /** The rules by which images were found fit, by {@link #key}. */
  private final KeptNote<String> fit;

  /** What the image in work is held against. */
  private Optional<Judgement> inWork = Optional.empty();

  /**
   * Of one class.
   *
   * @param identity who the host is, as it said last
   * @param others the boot entries with another system
   * @param fit what an earlier life found fit
   */
  ImageRules(
      ExtensionClass extensionClass,
      Supplier<Host.Identity> identity,
      Supplier<Map<Profile, BootedSystem>> others,
      AgentConfig config,
      KeptNote<String> fit) {
    this.extensionClass = extensionClass;
    this.identity = identity;
    this.others = others;
    this.signatures = new SignatureRules(config);
    this.fit = fit;
  }

  /** An image is taken into work, by the rules of now. */
  Judgement begin(Signature wanted) {
    Judgement now = now(wanted);
    inWork = Optional.of(now);
    return now;
  }

  /**
   * The image in work was looked into.
   *
   * @throws IOException when the note cannot be read
   */
  void ended(ImageUse use, Staged outcome) throws IOException {
    Optional<String> rules = inWork.flatMap(Judgement::digest);
    rules.ifPresent(digest -> judged.put(use, digest));
    if (outcome instanceof Staged.NotStaged || rules.isEmpty()) {
      return;
    }
    if (outcome instanceof Staged.Ready) {
      fit.now().put(key(use), rules.get());
    } else {
      fit.now().remove(key(use));
    }
    fit.keep();
  }

  /**
   * Those of the wanted images that were held against other rules than those of now, or of which
   * nothing is known. They are named once. Rules that cannot be read judge nothing anew.
   *
   * @param wanted images
   * @param looked images that were looked into in this life
   * @param view what is there: what was found fit stays noted as long as the image does
   * @throws IOException when the note cannot be read
   */
  Set<ImageUse> outdated(Set<ImageUse> wanted, Set<ImageUse> looked, HostView view)
      throws IOException {
    Set<ImageUse> known = new HashSet<>(looked);
    wanted.stream().filter(use -> view.images().contains(use.sha256())).forEach(known::add);
    judged.keySet().retainAll(known);
    Set<String> stored = view.storage().files().keySet();
    fit.now().keySet().removeIf(key -> !stored.contains(key.split(" ", 2)[0]));
    Map<String, String> noted = fit.now();
    Set<ImageUse> outdated = new HashSet<>();
    for (ImageUse use : known) {
      Optional<String> now = now(use.signature()).digest();
      Optional<String> before =
          Optional.ofNullable(judged.get(use)).or(() -> Optional.ofNullable(noted.get(key(use))));
      now.ifPresent(digest -> judged.put(use, digest));
      if (now.isPresent() && !now.equals(before)) {
        LOG.info("image {} is looked into again: other rules hold for it", use.sha256());
        fit.now().remove(key(use));
        outdated.add(use);
      }
    }
    fit.keep();
    return outdated;
  }

  private static String key(ImageUse use) {
    Signature signature = use.signature();
    return use.sha256()
        + " "
        + use.name()
        + (signature.required() ? " signed by " + signature.configMap().orElse("") : "");
  }

  private Judgement now(Signature wanted) {
    Host.Identity host = identity.get();
    return new Judgement(host.facts(extensionClass), signatures.of(wanted, host), others.get());
  }
}
