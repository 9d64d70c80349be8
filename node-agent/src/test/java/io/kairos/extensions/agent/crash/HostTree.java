package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The files of a host: what is there at the start, what has to be there in the end. */
final class HostTree {
  private static final String NOTES = "somebody's notes";
  private static final String THEIRS = "theirs.raw";

  private HostTree() {}

  /** A host with files of somebody else's, and none of ours. */
  static void make(StoreLayout layout) throws IOException {
    for (Profile profile : layout.profiles()) {
      Files.createDirectories(layout.profile(profile));
    }
    Files.createDirectories(layout.run());
    if (!layout.looksIntoProfile()) {
      write(layout.here(Path.of("/run/cos/active_mode")), new byte[0]);
    }
    write(layout.host().bootId(), "boot-0\n".getBytes(StandardCharsets.UTF_8));
    write(layout.here(theirFile(layout)), Sample.THEIRS.bytes());
    write(layout.here(notes(layout)), NOTES.getBytes(StandardCharsets.UTF_8));
    for (Map.Entry<Path, Path> link : theirLinks(layout).entrySet()) {
      Files.createSymbolicLink(layout.here(link.getKey()), link.getValue());
    }
  }

  /** Where somebody else's images lie. */
  private static Path theirs(StoreLayout layout) {
    return layout.looksIntoProfile() ? layout.profileOnHost(Profile.ACTIVE) : layout.storeOnHost();
  }

  private static Path theirFile(StoreLayout layout) {
    return theirs(layout).resolve(THEIRS);
  }

  private static Path notes(StoreLayout layout) {
    return theirs(layout).resolve("notes.txt");
  }

  /** One that leads nowhere among them. */
  private static Map<Path, Path> theirLinks(StoreLayout layout) {
    Map<Path, Path> links = new TreeMap<>();
    Path gone = theirs(layout).resolve("gone.raw");
    if (layout.looksIntoProfile()) {
      links.put(gone, Path.of("/nowhere/gone.raw"));
    } else {
      Path enabled = layout.profileOnHost(Profile.ACTIVE).resolve(THEIRS);
      links.put(enabled, theirFile(layout));
      links.put(layout.profileOnHost(Profile.PASSIVE).resolve("gone.raw"), gone);
      links.put(layout.runOnHost().resolve(THEIRS), enabled);
    }
    return links;
  }

  /** Somebody else puts an image there, as by hand. */
  static void putByHand(Path file, Sample image) throws IOException {
    write(file, image.bytes());
  }

  private static void write(Path file, byte[] content) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, content);
  }

  /** Makes the same host below another folder. */
  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Path copy = to.resolve(from.relativize(path).toString());
        if (!copy.equals(to)) {
          Files.copy(path, copy, LinkOption.NOFOLLOW_LINKS);
        }
      }
    }
  }

  /** Deletes everything. */
  static void delete(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException broken)
              throws IOException {
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /**
   * Every file and link of store, profiles and run folder but our notes, with the digest, or where
   * it leads.
   *
   * @throws IOException when one vanishes meanwhile, for one reason
   */
  static Map<String, String> entries(StoreLayout layout) throws IOException {
    Set<Path> folders = new LinkedHashSet<>(List.of(layout.store(), layout.run()));
    layout.profiles().stream().map(layout::profile).forEach(folders::add);
    Map<String, String> entries = new TreeMap<>();
    for (Path folder : folders) {
      if (!Files.exists(folder)) {
        continue;
      }
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.toList()) {
          if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && !isNote(layout, path)) {
            entries.put(layout.host().onHost(path).toString(), content(path));
          }
        }
      } catch (UncheckedIOException vanished) {
        throw vanished.getCause();
      }
    }
    return entries;
  }

  private static boolean isNote(StoreLayout layout, Path path) {
    return path.equals(layout.verified())
        || path.equals(layout.fit())
        || path.equals(layout.entries())
        || path.equals(layout.proven())
        || path.equals(layout.ledger())
        || path.equals(layout.proofs())
        || path.equals(layout.soaks());
  }

  private static String content(Path path) throws IOException {
    return Files.isSymbolicLink(path)
        ? "-> " + Files.readSymbolicLink(path)
        : Images.sha256(Files.readAllBytes(path));
  }

  /** Somebody else's, with what tells whether it was touched. */
  static List<String> touchable(StoreLayout layout) throws IOException {
    List<Path> all = new ArrayList<>(List.of(theirFile(layout), notes(layout)));
    theirLinks(layout).keySet().stream()
        .filter(link -> !link.startsWith(layout.runOnHost())) // which each boot makes anew
        .forEach(all::add);
    List<String> theirs = new ArrayList<>();
    for (Path file : all) {
      Map<String, Object> attributes =
          Files.readAttributes(
              layout.here(file), "unix:ino,size,lastModifiedTime,mode", LinkOption.NOFOLLOW_LINKS);
      theirs.add(file + " " + content(layout.here(file)) + " " + new TreeMap<>(attributes));
    }
    return theirs;
  }

  /**
   * What {@link #entries} has to be.
   *
   * @param installed what is in effect, by name
   * @param spare images that nothing links
   */
  static Map<String, String> expected(
      StoreLayout layout, Map<String, Sample> installed, List<Sample> spare) {
    Map<String, String> entries = new TreeMap<>();
    installed.forEach(
        (name, image) -> {
          List<Path> links =
              new ArrayList<>(
                  List.of(layout.store().resolve(name + ".raw"), layout.good().resolve(name)));
          layout.profiles().stream()
              .filter(Set.of(Profile.ACTIVE, Profile.PASSIVE)::contains)
              .forEach(profile -> links.add(layout.profile(profile).resolve(name + ".raw")));
          for (Path link : links) {
            entries.put(
                layout.host().onHost(link).toString(),
                "-> " + layout.targetOf(link, image.sha256()));
          }
          entries.put(layout.imagesOnHost().resolve(image.sha256()).toString(), image.sha256());
          if (!layout.looksIntoProfile()) {
            entries.put(
                layout.runOnHost().resolve(name + ".raw").toString(),
                "-> " + layout.profileOnHost(Profile.ACTIVE).resolve(name + ".raw"));
          }
        });
    spare.forEach(
        image ->
            entries.put(layout.imagesOnHost().resolve(image.sha256()).toString(), image.sha256()));
    entries.put(theirFile(layout).toString(), Sample.THEIRS.sha256());
    entries.put(notes(layout).toString(), Images.sha256(NOTES.getBytes(StandardCharsets.UTF_8)));
    theirLinks(layout).forEach((link, target) -> entries.put(link.toString(), "-> " + target));
    return entries;
  }
}
