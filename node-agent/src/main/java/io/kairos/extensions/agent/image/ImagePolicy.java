package io.kairos.extensions.agent.image;

import io.kairos.extensions.agent.image.ImageFormat.Container;
import io.kairos.extensions.agent.image.ImageFormat.Protection;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What systemd-sysext takes: systemd.image-policy(7), with the rules of systemd 257's
 * src/shared/image-policy.c and dissect-image.c.
 *
 * <ol>
 *   <li>A policy has a rule for each kind of partition, and one for all others: {@code *} takes
 *       everything, {@code -} uses nothing, {@code ~} wants nothing there; without one it is as
 *       {@code -}. A rule that names no use means any use.
 *   <li>A verity or signature partition without a rule of its own follows its data partition: it is
 *       used where that may be verity or signed, or signed, and has to have the same flags.
 *   <li>A partition that may only be absent must not exist. One that may only be unused is passed
 *       over, as if it were not there: a signature that a policy does not use leaves verity.
 *   <li>What is then found, or that nothing is, has to be among what the rule allows.
 *   <li>A bare file system is an unprotected root, and no other rule is looked at.
 * </ol>
 *
 * What cannot be parsed is refused by systemd with every image, and so it is here.
 */
public final class ImagePolicy {
  private static final String VERITY_SUFFIX = "-verity";
  private static final String SIGNATURE_SUFFIX = "-verity-sig";

  /** Kinds of partitions that have no verity. */
  private static final Set<String> PLAIN_DESIGNATORS =
      Set.of("home", "srv", "esp", "xbootldr", "swap", "tmp", "var");

  private static final Set<String> DESIGNATORS =
      Stream.concat(
              PLAIN_DESIGNATORS.stream(),
              Stream.of("root", "usr")
                  .flatMap(d -> Stream.of(d, d + VERITY_SUFFIX, d + SIGNATURE_SUFFIX)))
          .collect(Collectors.toUnmodifiableSet());

  private static final Set<Flag> USES = EnumSet.range(Flag.VERITY, Flag.ABSENT);
  private static final Set<Flag> READ_ONLY = EnumSet.range(Flag.READ_ONLY_ON, Flag.READ_ONLY_OFF);
  private static final Set<Flag> GROW_FS = EnumSet.range(Flag.GROWFS_ON, Flag.GROWFS_OFF);
  private static final Set<Flag> FILE_SYSTEMS = EnumSet.range(Flag.BTRFS, Flag.XFS);
  private static final Set<Flag> IGNORE = EnumSet.of(Flag.UNUSED, Flag.ABSENT);

  private enum Flag {
    VERITY,
    SIGNED,
    ENCRYPTED,
    ENCRYPTEDWITHINTEGRITY,
    UNPROTECTED,
    UNUSED,
    ABSENT,
    READ_ONLY_ON,
    READ_ONLY_OFF,
    GROWFS_ON,
    GROWFS_OFF,
    BTRFS,
    EROFS,
    EXT4,
    F2FS,
    SQUASHFS,
    VFAT,
    XFS;

    private final String text = name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private final String text;
  private final Map<String, Set<Flag>> rules;
  private final Set<Flag> others;
  private final Optional<String> problem;

  private ImagePolicy(
      String text, Map<String, Set<Flag>> rules, Set<Flag> others, Optional<String> problem) {
    this.text = text;
    this.rules = rules;
    this.others = others;
    this.problem = problem;
  }

  /** Reads a policy. One that is none takes nothing, and says why. */
  public static ImagePolicy parse(String text) {
    return switch (text) {
      case "", "-" -> new ImagePolicy(text, Map.of(), IGNORE, Optional.empty());
      case "*" -> new ImagePolicy(text, Map.of(), USES, Optional.empty());
      case "~" -> new ImagePolicy(text, Map.of(), EnumSet.of(Flag.ABSENT), Optional.empty());
      default -> rules(text);
    };
  }

  private static ImagePolicy rules(String text) {
    Map<String, Set<Flag>> rules = new TreeMap<>();
    for (String rule : text.split(":", -1)) {
      String[] sides = rule.split("=", 2);
      String designator = sides[0].strip();
      if (sides.length < 2) {
        return broken(text, "'" + rule + "' has no '='");
      }
      if (!designator.isEmpty() && !DESIGNATORS.contains(designator)) {
        return broken(text, "'" + designator + "' is no kind of partition");
      }
      Set<Flag> flags = EnumSet.noneOf(Flag.class);
      String list = sides[1].strip();
      for (String flag :
          list.isEmpty() || list.equals("-") ? new String[0] : list.split("[+]", -1)) {
        Set<Flag> found = flags(flag.strip());
        if (found.isEmpty()) {
          return broken(text, "'" + flag + "' is no use that is known here");
        }
        flags.addAll(found);
      }
      if (rules.put(designator, flags) != null) {
        return broken(text, "'" + designator + "=' is there twice");
      }
    }
    Set<Flag> others = rules.getOrDefault("", IGNORE);
    rules.remove("");
    return new ImagePolicy(text, rules, others, Optional.empty());
  }

  private static ImagePolicy broken(String text, String problem) {
    return new ImagePolicy(text, Map.of(), EnumSet.noneOf(Flag.class), Optional.of(problem));
  }

  private static Set<Flag> flags(String word) {
    if (word.equals("open")) {
      return USES;
    }
    if (word.equals("ignore")) {
      return IGNORE;
    }
    return EnumSet.allOf(Flag.class).stream()
        .filter(flag -> flag.text.equals(word))
        .collect(Collectors.toCollection(() -> EnumSet.noneOf(Flag.class)));
  }

  /** As it was written. */
  public String text() {
    return text;
  }

  /**
   * Whether it takes no image that nobody signed. One that takes verity beside signed does: nothing
   * vouches for the root hash of such an image.
   */
  public boolean demandsSignatures() {
    return problem.isPresent()
        || Stream.of("root", "usr")
            .flatMap(designator -> exhaustive(designator).stream())
            .noneMatch(
                flag ->
                    flag == Flag.VERITY
                        || flag == Flag.ENCRYPTED
                        || flag == Flag.ENCRYPTEDWITHINTEGRITY
                        || flag == Flag.UNPROTECTED);
  }

  /**
   * Why systemd would not take an image.
   *
   * @param layout of the image
   * @return empty if it would
   */
  Optional<String> refusal(ImageLayout layout) {
    if (problem.isPresent()) {
      return Optional.of(
          "the host's image policy '"
              + text
              + "' cannot be understood ("
              + problem.get()
              + "), with which systemd-sysext refuses every image: mend --image-policy of the host's"
              + " systemd-sysext.service");
    }
    return conflict(layout)
        .map(
            conflict ->
                "the host's image policy '"
                    + text
                    + "' does not take it: it is "
                    + layout.format().describe()
                    + ", and "
                    + conflict);
  }

  private Optional<String> conflict(ImageLayout layout) {
    ImageFormat format = layout.format();
    String data = format.container() == Container.GPT_USR ? "usr" : "root";
    List<String> present = new ArrayList<>(List.of(data));
    if (format.protection() != Protection.NONE) {
      present.add(data + VERITY_SUFFIX);
    }
    if (format.protection() == Protection.SIGNED_VERITY) {
      present.add(data + SIGNATURE_SUFFIX);
    }
    List<String> used = new ArrayList<>();
    for (String designator : present) {
      Set<Flag> allowed = uses(exhaustive(designator));
      if (allowed.equals(EnumSet.of(Flag.ABSENT))) {
        return Optional.of("a " + designator + " partition must not be there");
      }
      allowed.remove(Flag.ABSENT);
      if (!allowed.equals(EnumSet.of(Flag.UNUSED))) {
        used.add(designator);
      }
    }
    if (!used.contains(data)) {
      return Optional.of("a " + data + " partition is not used, so that nothing would be merged");
    }
    for (String designator :
        format.container() == Container.BARE
            ? List.of(data)
            : DESIGNATORS.stream().sorted().toList()) {
      Set<Flag> found = found(designator, present, used);
      Set<Flag> allowed = uses(exhaustive(designator));
      if (found.stream().noneMatch(allowed::contains)) {
        return Optional.of(
            "its "
                + designator
                + " partition is "
                + words(found)
                + ", where "
                + (allowed.isEmpty() ? "nothing" : words(allowed))
                + " is allowed");
      }
    }
    return attributes(layout, used, data);
  }

  private static Set<Flag> found(String designator, List<String> present, List<String> used) {
    if (!used.contains(designator)) {
      return EnumSet.of(present.contains(designator) ? Flag.UNUSED : Flag.ABSENT);
    }
    if (!used.contains(designator + VERITY_SUFFIX)) {
      return EnumSet.of(Flag.UNPROTECTED);
    }
    return EnumSet.of(used.contains(designator + SIGNATURE_SUFFIX) ? Flag.SIGNED : Flag.VERITY);
  }

  /** The partitions' own flags, and from systemd 258 on the file system. */
  private Optional<String> attributes(ImageLayout layout, List<String> used, String data) {
    for (String designator : used) {
      Set<Flag> allowed = exhaustive(designator);
      Optional<Gpt.Partition> partition =
          layout.partitions().flatMap(choice -> partition(choice, designator));
      boolean readOnly = partition.filter(Gpt.Partition::isReadOnly).isPresent();
      boolean growing = partition.filter(Gpt.Partition::isGrowing).isPresent();
      if (!allowed.contains(readOnly ? Flag.READ_ONLY_ON : Flag.READ_ONLY_OFF)) {
        return Optional.of(
            "the read-only flag of its " + designator + " is " + (readOnly ? "set" : "not set"));
      }
      if (!allowed.contains(growing ? Flag.GROWFS_ON : Flag.GROWFS_OFF)) {
        return Optional.of(
            "the growfs flag of its " + designator + " is " + (growing ? "set" : "not set"));
      }
    }
    Set<Flag> fileSystems = EnumSet.copyOf(exhaustive(data));
    fileSystems.retainAll(FILE_SYSTEMS);
    Flag has = Flag.valueOf(layout.format().fileSystem().name());
    return fileSystems.isEmpty() || fileSystems.contains(has)
        ? Optional.empty()
        : Optional.of("only " + words(fileSystems) + " is allowed");
  }

  private static Optional<Gpt.Partition> partition(PartitionChoice choice, String designator) {
    if (designator.endsWith(SIGNATURE_SUFFIX)) {
      return choice.signature();
    }
    return designator.endsWith(VERITY_SUFFIX) ? choice.verity() : Optional.of(choice.data());
  }

  /** The rule of a kind of partition, with everything in it that it leaves open. */
  private Set<Flag> exhaustive(String designator) {
    return extended(rule(designator).orElse(others), designator);
  }

  private Optional<Set<Flag>> rule(String designator) {
    if (rules.containsKey(designator)) {
      return Optional.of(rules.get(designator));
    }
    boolean signature = designator.endsWith(SIGNATURE_SUFFIX);
    if (!signature && !designator.endsWith(VERITY_SUFFIX)) {
      return Optional.empty();
    }
    String data = designator.substring(0, designator.indexOf('-'));
    if (!rules.containsKey(data)) {
      return Optional.empty();
    }
    Set<Flag> ofData = extended(rules.get(data), data);
    if (!ofData.contains(Flag.SIGNED) && (signature || !ofData.contains(Flag.VERITY))) {
      return Optional.empty();
    }
    Set<Flag> derived = EnumSet.copyOf(ofData);
    derived.removeIf(flag -> USES.contains(flag) && !IGNORE.contains(flag));
    derived.removeAll(FILE_SYSTEMS);
    derived.add(Flag.UNPROTECTED);
    return Optional.of(derived);
  }

  private static Set<Flag> extended(Set<Flag> rule, String designator) {
    Set<Flag> flags = EnumSet.noneOf(Flag.class);
    flags.addAll(rule);
    for (Set<Flag> group : List.of(USES, READ_ONLY, GROW_FS)) {
      if (group.stream().noneMatch(flags::contains)) {
        flags.addAll(group);
      }
    }
    boolean protects = designator.contains(VERITY_SUFFIX);
    if (protects || PLAIN_DESIGNATORS.contains(designator)) {
      flags.remove(Flag.VERITY);
      flags.remove(Flag.SIGNED);
    }
    if (protects) {
      flags.remove(Flag.ENCRYPTED);
      flags.remove(Flag.ENCRYPTEDWITHINTEGRITY);
    }
    return flags;
  }

  private static Set<Flag> uses(Set<Flag> flags) {
    Set<Flag> uses = EnumSet.copyOf(USES);
    uses.retainAll(flags);
    return uses;
  }

  private static String words(Set<Flag> flags) {
    return flags.stream().map(flag -> flag.text).collect(Collectors.joining("+"));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ImagePolicy policy && policy.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
