package io.kairos.extensions.agent.image;

import io.kairos.extensions.agent.image.ImageFormat.Protection;
import io.kairos.extensions.agent.image.PartitionType.Designator;
import io.kairos.extensions.agent.image.PartitionType.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The partition that systemd mounts for an extension (src/shared/dissect-image.c, v252 to v257):
 * the root partition of the host's architecture, else its usr partition, else a lone partition of
 * the generic Linux type; partitions that ask not to be found are passed over.
 *
 * <p>It is stricter in three places, where systemd's versions differ or would merge what cannot
 * run: only another architecture's partitions are a mismatch, two candidates are refused, and so
 * are root and usr together.
 *
 * @param data the partition with the file system
 * @param designator what it is mounted as
 * @param verity its hash tree
 * @param signature the signature of the tree's root, only beside a tree
 */
record PartitionChoice(
    Gpt.Partition data,
    Designator designator,
    Optional<Gpt.Partition> verity,
    Optional<Gpt.Partition> signature) {
  static PartitionChoice of(Gpt gpt, MachineArchitecture architecture) throws ImageException {
    List<Gpt.Partition> visible = gpt.partitions().stream().filter(p -> !p.isHidden()).toList();
    Optional<Gpt.Partition> root = find(visible, Designator.ROOT, Role.DATA, architecture);
    Optional<Gpt.Partition> usr = find(visible, Designator.USR, Role.DATA, architecture);
    if (root.isPresent() && usr.isPresent()) {
      throw ImageException.unsupported("it has both a root and a usr partition");
    }
    List<PartitionChoice> choices = new ArrayList<>();
    for (Designator designator : Designator.values()) {
      Optional<Gpt.Partition> data = designator == Designator.ROOT ? root : usr;
      Optional<Gpt.Partition> verity = find(visible, designator, Role.VERITY, architecture);
      Optional<Gpt.Partition> signature =
          find(visible, designator, Role.VERITY_SIGNATURE, architecture);
      if ((verity.isPresent() && data.isEmpty()) || (signature.isPresent() && verity.isEmpty())) {
        throw ImageException.corrupt(
            "it has a verity partition for " + designator + " but not what belongs to it");
      }
      data.ifPresent(
          found -> choices.add(new PartitionChoice(found, designator, verity, signature)));
    }
    if (!choices.isEmpty()) {
      return choices.get(0); // the only one
    }
    refuseOthers(visible, architecture);
    return new PartitionChoice(
        generic(visible), Designator.ROOT, Optional.empty(), Optional.empty());
  }

  /** What guards the file system, as the partitions promise. */
  Protection protection() {
    if (signature.isPresent()) {
      return Protection.SIGNED_VERITY;
    }
    return verity.isPresent() ? Protection.VERITY : Protection.NONE;
  }

  private static Optional<Gpt.Partition> find(
      List<Gpt.Partition> partitions,
      Designator designator,
      Role role,
      MachineArchitecture architecture)
      throws ImageException {
    PartitionType type = new PartitionType(designator, role, architecture);
    List<Gpt.Partition> found =
        partitions.stream()
            .filter(p -> PartitionType.of(p.type()).filter(type::equals).isPresent())
            .toList();
    if (found.size() > 1) {
      throw ImageException.unsupported(
          "it has " + found.size() + " partitions of one type: which is used is not defined");
    }
    return found.stream().findFirst();
  }

  private static void refuseOthers(List<Gpt.Partition> partitions, MachineArchitecture architecture)
      throws ImageException {
    TreeSet<String> others = new TreeSet<>();
    for (Gpt.Partition partition : partitions) {
      PartitionType.of(partition.type())
          .filter(type -> type.role() == Role.DATA)
          .ifPresent(type -> others.add(type.architecture().systemdName()));
    }
    if (!others.isEmpty()) {
      throw new ImageException(
          UnfitReason.ARCHITECTURE_MISMATCH,
          "its partitions are for "
              + String.join(", ", others)
              + ", the host is "
              + architecture.systemdName());
    }
  }

  private static Gpt.Partition generic(List<Gpt.Partition> partitions) throws ImageException {
    List<Gpt.Partition> generic =
        partitions.stream().filter(p -> p.type().equals(PartitionType.LINUX_GENERIC)).toList();
    if (generic.size() != 1) {
      throw ImageException.unsupported(
          "its "
              + partitions.size()
              + " partitions hold neither a root nor a usr partition nor exactly one generic one");
    }
    return generic.get(0);
  }
}
