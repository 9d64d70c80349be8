package io.kairos.extensions.operator.plan;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A revision of a policy as it is kept: a ControllerRevision of the operator's namespace.
 *
 * @param object metadata.name
 * @param policy the name of the policy that gave it
 * @param policyUid the uid of that policy
 * @param revision the hash of what was given
 * @param number its place in the policy's past; the one given last has the highest
 * @param created metadata.creationTimestamp, RFC 3339
 * @param content what was given; empty where this version of the operator cannot tell (see {@link
 *     RevisionJson})
 */
public record StoredRevision(
    String object,
    String policy,
    String policyUid,
    String revision,
    long number,
    String created,
    Optional<RevisionContent> content) {

  /** The one given last comes first. */
  public static final Comparator<StoredRevision> NEWEST_FIRST =
      Comparator.comparingLong(StoredRevision::number)
          .thenComparing(StoredRevision::object)
          .reversed();

  private static final Pattern NAME = Pattern.compile(".+-(v\\d+-[0-9a-f]{16})-[0-9a-f]{8}");
  private static final int LONGEST_NAME = 200;
  private static final int DIGITS = 8;

  /**
   * What the object is called that keeps a content: the same content of the same policy always
   * alike, and another one otherwise, though the revision be the same (a pull secret is no part of
   * it). So an object's data never has to change.
   */
  public static String objectName(String policy, String policyUid, RevisionContent content) {
    String shortened = policy.substring(0, Math.min(policy.length(), LONGEST_NAME));
    return shortened.replaceAll("[.-]+$", "")
        + "-"
        + Revision.of(content)
        + "-"
        + Digests.sha256(policyUid + "\n" + RevisionJson.write(content)).substring(0, DIGITS);
  }

  /**
   * The revision that the object of a name keeps. The name is what nobody can edit, unlike a label.
   *
   * @return empty if we call no object so
   */
  public static Optional<String> revisionOf(String object) {
    return Optional.of(NAME.matcher(object)).filter(Matcher::matches).map(name -> name.group(1));
  }
}
