package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.plan.Link;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Storage;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus.UnmanagedFile;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Reads the links and files of a store. A link is ours when it leads into {@code images/}; all else
 * is foreign.
 */
public final class StoreReader {
  private static final String RAW = ".raw";
  private static final String SYSEXT = ".sysext";
  private static final Pattern DIGEST = Pattern.compile(Api.DIGEST_PATTERN);

  private final StoreLayout layout;

  /** Reads below a layout. */
  public StoreReader(StoreLayout layout) {
    this.layout = layout;
  }

  /**
   * What was found.
   *
   * @param names links by extension name
   * @param images the files in {@code images/}, by digest
   * @param strays leftovers of interrupted steps, by path below our folder
   * @param foreign somebody else's files, by path, with the profiles that link them
   */
  public record Contents(
      Map<String, NameView> names,
      Map<String, Storage.ImageFile> images,
      Set<String> strays,
      Map<String, Set<Profile>> foreign) {

    /** The foreign files as the status shows them, at most 64. */
    public List<UnmanagedFile> unmanaged(Set<String> merged) {
      return foreign.entrySet().stream()
          .limit(64)
          .map(
              entry -> {
                String file = entry.getKey().substring(entry.getKey().lastIndexOf('/') + 1);
                String name = nameOf(file);
                NameView links = names.getOrDefault(name, NameView.NONE);
                boolean mergedByThem = merged.contains(name) && !links.hasOwnRunLink();
                return new UnmanagedFile(
                    entry.getKey(), List.copyOf(new TreeSet<>(entry.getValue())), mergedByThem);
              })
          .toList();
    }
  }

  /**
   * Reads everything. Folders that do not exist are empty.
   *
   * @throws IOException when a folder cannot be read
   */
  public Contents read() throws IOException {
    Map<String, Found> roots = scan(layout.store(), StoreLayout.STORE);
    Map<Profile, Map<String, Found>> profiles = new EnumMap<>(Profile.class);
    for (Profile profile : Profile.values()) {
      profiles.put(
          profile, scan(layout.profile(profile), StoreLayout.STORE.resolve(profile.text())));
    }
    Map<String, Found> runs = new TreeMap<>();
    scan(layout.run(), StoreLayout.RUN)
        .forEach((file, found) -> runs.put(file, throughProfile(file, found, profiles)));
    Map<String, String> good = good();

    Set<String> files = new TreeSet<>(roots.keySet());
    profiles.values().forEach(links -> files.addAll(links.keySet()));
    files.addAll(runs.keySet());
    good.keySet().forEach(name -> files.add(name + RAW));
    Map<String, NameView> names = new TreeMap<>();
    for (String file : files) {
      String name = nameOf(file);
      Map<Profile, Link> enabled = new EnumMap<>(Profile.class);
      profiles.forEach(
          (profile, links) -> link(links, file).ifPresent(link -> enabled.put(profile, link)));
      Optional<String> rival =
          Optional.of(name + SYSEXT + RAW).filter(files::contains).map(f -> "the file " + f);
      names.put(
          name,
          new NameView(
              link(roots, file),
              enabled,
              link(runs, file),
              Optional.ofNullable(good.get(name)),
              rival));
      rival(file).ifPresent(of -> names.merge(of, rivalled(file), (known, alone) -> known));
    }
    return new Contents(names, images(), strays(), foreign(roots, profiles, runs));
  }

  /** An entry of a folder: what it is, and where it leads as the host sees it. */
  private record Found(Link link, Optional<Path> target) {}

  private static Optional<Link> link(Map<String, Found> folder, String file) {
    return Optional.ofNullable(folder.get(file)).map(Found::link);
  }

  /** systemd from 257 on takes {@code NAME.sysext.raw} for NAME. */
  private static Optional<String> rival(String file) {
    return file.endsWith(SYSEXT + RAW) && file.length() > (SYSEXT + RAW).length()
        ? Optional.of(file.substring(0, file.length() - (SYSEXT + RAW).length()))
        : Optional.empty();
  }

  private static NameView rivalled(String file) {
    return new NameView(
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.of("the file " + file));
  }

  private Map<String, Found> scan(Path folder, Path onHost) throws IOException {
    Map<String, Found> found = new TreeMap<>();
    for (Path entry : entries(folder)) {
      String file = entry.getFileName().toString();
      if (file.endsWith(RAW) && file.length() > RAW.length()) {
        found.put(file, classify(entry, onHost));
      }
    }
    return found;
  }

  private Found classify(Path entry, Path folderOnHost) throws IOException {
    Path shown = folderOnHost.resolve(entry.getFileName());
    if (Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)
        && shown.startsWith(StoreLayout.STORE)) {
      Optional<String> adopted = layout.imageWithInodeOf(entry);
      Optional<String> file = Optional.of(StoreLayout.STORE.relativize(shown).toString());
      Link link =
          adopted.isPresent()
              ? new Link.Adopted(adopted.get())
              : new Link.Foreign("the file " + shown, file);
      return new Found(link, Optional.empty());
    }
    if (!Files.isSymbolicLink(entry)) {
      boolean folder = Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
      return new Found(
          new Link.Foreign((folder ? "the folder " : "the file ") + shown), Optional.empty());
    }
    Path target = folderOnHost.resolve(Files.readSymbolicLink(entry)).normalize();
    String digest = String.valueOf(target.getFileName());
    Link link =
        StoreLayout.IMAGES.equals(target.getParent()) && DIGEST.matcher(digest).matches()
            ? new Link.Image(digest)
            : new Link.Foreign("the link " + shown + " to " + target);
    return new Found(link, Optional.of(target));
  }

  /** A run link through a profile's link of the same name is ours when that link is, or is gone. */
  private static Found throughProfile(
      String file, Found run, Map<Profile, Map<String, Found>> profiles) {
    for (Profile profile : Profile.values()) {
      Path through = StoreLayout.STORE.resolve(profile.text()).resolve(file);
      if (run.target().filter(through::equals).isPresent()) {
        Optional<Link> link = link(profiles.get(profile), file);
        if (link.isPresent() && link.get() instanceof Link.Foreign foreign) {
          String what = ((Link.Foreign) run.link()).what();
          return new Found(new Link.Foreign(what, foreign.file()), run.target());
        }
        return new Found(new Link.ViaProfile(profile), run.target());
      }
    }
    return run;
  }

  private static Map<String, Set<Profile>> foreign(
      Map<String, Found> roots,
      Map<Profile, Map<String, Found>> profiles,
      Map<String, Found> runs) {
    Map<String, Set<Profile>> foreign = new TreeMap<>();
    roots.forEach(
        (file, found) -> {
          if (found.link() instanceof Link.Foreign) {
            foreign.put(file, new TreeSet<>());
          }
        });
    profiles.forEach(
        (profile, links) ->
            links.forEach(
                (file, found) -> {
                  if (found.link() instanceof Link.Foreign) {
                    boolean intoStore =
                        found
                            .target()
                            .filter(t -> StoreLayout.STORE.equals(t.getParent()))
                            .isPresent();
                    String key =
                        intoStore
                            ? found.target().orElseThrow().getFileName().toString()
                            : profile.text() + "/" + file;
                    foreign.computeIfAbsent(key, k -> new TreeSet<>()).add(profile);
                  }
                }));
    runs.forEach(
        (file, found) -> {
          boolean intoStore =
              found.target().filter(t -> t.startsWith(StoreLayout.STORE)).isPresent();
          if (found.link() instanceof Link.Foreign && !intoStore) {
            foreign.put(StoreLayout.RUN.resolve(file).toString(), new TreeSet<>());
          }
        });
    return foreign;
  }

  private Map<String, String> good() throws IOException {
    Map<String, String> good = new TreeMap<>();
    for (Path entry : entries(layout.good())) {
      if (classify(entry, StoreLayout.GOOD).link() instanceof Link.Image image) {
        good.put(entry.getFileName().toString(), image.sha256());
      }
    }
    return good;
  }

  private Map<String, Storage.ImageFile> images() throws IOException {
    Map<String, Storage.ImageFile> images = new TreeMap<>();
    for (Path entry : entries(layout.images())) {
      String file = entry.getFileName().toString();
      if (DIGEST.matcher(file).matches()) {
        attributes(entry)
            .filter(BasicFileAttributes::isRegularFile)
            .ifPresent(
                found ->
                    images.put(
                        file,
                        new Storage.ImageFile(found.size(), found.lastModifiedTime().toMillis())));
      }
    }
    return images;
  }

  /** Nothing, where it is gone since its name was read. */
  private static Optional<BasicFileAttributes> attributes(Path entry) throws IOException {
    try {
      return Optional.of(
          Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
    } catch (NoSuchFileException gone) {
      return Optional.empty();
    }
  }

  private Set<String> strays() throws IOException {
    Set<String> strays = new TreeSet<>();
    for (Path folder : List.of(layout.staging(), layout.links())) {
      for (Path entry : entries(folder)) {
        if (!Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) { // which is nothing we make
          strays.add(layout.ours().relativize(entry).toString());
        }
      }
    }
    return strays;
  }

  private static List<Path> entries(Path folder) throws IOException {
    List<Path> entries = new ArrayList<>();
    if (Files.isSymbolicLink(folder)) {
      throw new IOException(folder + " is a link where a folder has to be");
    }
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(entries::add);
    } catch (NoSuchFileException | NotDirectoryException none) {
      return List.of();
    } catch (DirectoryIteratorException broken) {
      throw broken.getCause();
    }
    return entries;
  }

  private static String nameOf(String file) {
    return file.endsWith(RAW) ? file.substring(0, file.length() - RAW.length()) : file;
  }
}
