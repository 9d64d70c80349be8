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
  private static final String RAW = StoreLayout.RAW;
  private static final Pattern DIGEST = Pattern.compile(Api.DIGEST_PATTERN);

  /**
   * A folder with versions of an image or of a folder, of which systemd picks one: 257 and newer.
   */
  private static final Pattern VERSIONED = Pattern.compile("([.]raw)?[.]v$");

  private static final int MOST_LINKS = 8;

  private final StoreLayout layout;
  private final Masks masks;

  /** Reads below a layout. */
  public StoreReader(StoreLayout layout) {
    this.layout = layout;
    this.masks = new Masks(layout);
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
    Map<String, Found> roots = scan(layout.store(), layout.storeOnHost());
    Map<Profile, Map<String, Found>> profiles = new EnumMap<>(Profile.class);
    for (Profile profile : layout.profiles()) {
      Map<String, Found> links = scan(layout.profile(profile), layout.profileOnHost(profile));
      links.replaceAll((file, found) -> throughRoot(file, found, roots));
      profiles.put(profile, links);
    }
    Map<String, Found> runs = new TreeMap<>();
    scan(layout.run(), layout.runOnHost())
        .forEach((file, found) -> runs.put(file, throughProfile(file, found, profiles)));
    if (layout.looksIntoProfile()) {
      for (Map.Entry<Profile, Map<String, Found>> profile : profiles.entrySet()) {
        fallThrough(profile.getKey(), profile.getValue(), runs);
      }
    }
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
          Optional.of(name + suffix()).filter(files::contains).map(f -> "the file " + f);
      names.put(
          name,
          new NameView(
              link(roots, file),
              enabled,
              link(runs, file),
              Optional.ofNullable(good.get(name)),
              rival));
      rival(file)
          .ifPresent(of -> names.merge(of, rivalled("the file " + file), (known, alone) -> known));
    }
    Map<String, Path> folders = folders();
    folders.forEach(
        (name, folder) ->
            names.merge(
                name,
                rivalled("the folder " + folder),
                (known, alone) -> known.rivalled("the folder " + folder)));
    Map<String, Set<Profile>> foreign = foreign(roots, profiles, runs);
    folders.values().forEach(folder -> foreign.put(folder.toString(), new TreeSet<>()));
    return new Contents(names, images(), strays(), foreign);
  }

  /**
   * What the run folder does not decide, by a link or by a mask, the profile's folder does: as if a
   * run link led there.
   */
  private void fallThrough(Profile profile, Map<String, Found> links, Map<String, Found> runs)
      throws IOException {
    for (Map.Entry<String, Found> link : links.entrySet()) {
      if (!(link.getValue().link() instanceof Link.Foreign)
          && !masks.is(layout.run().resolve(nameOf(link.getKey())))) {
        runs.putIfAbsent(link.getKey(), new Found(new Link.ViaProfile(profile), Optional.empty()));
      }
    }
  }

  /**
   * Folders that systemd takes for an extension: which of them and an image of the same name it
   * finds first is left to chance. Where immucore links what is merged, nobody makes them.
   *
   * @return as the host sees them, by the name of the extension
   */
  private Map<String, Path> folders() throws IOException {
    Map<String, Path> folders = new TreeMap<>();
    if (!layout.looksIntoProfile()) {
      return folders;
    }
    List<Path> places = new ArrayList<>(List.of(layout.runOnHost()));
    layout.profiles().stream().map(layout::profileOnHost).forEach(places::add);
    for (Path place : places) {
      for (Path entry : entries(layout.here(place))) {
        String name = entry.getFileName().toString();
        if (!name.endsWith(RAW) && isFolder(entry, place) && !masks.is(entry)) {
          folders.putIfAbsent(VERSIONED.matcher(name).replaceFirst(""), place.resolve(name));
        }
      }
    }
    return folders;
  }

  /** A link is followed as the host would. */
  private boolean isFolder(Path entry, Path folderOnHost) throws IOException {
    Path at = entry;
    Path onHost = folderOnHost;
    for (int hops = 0; hops < MOST_LINKS && Files.isSymbolicLink(at); hops++) {
      Path target = onHost.resolve(Files.readSymbolicLink(at)).normalize();
      onHost = target.getParent() == null ? target : target.getParent();
      at = layout.here(target);
    }
    return Files.isDirectory(at, LinkOption.NOFOLLOW_LINKS);
  }

  /** An entry of a folder: what it is, and where it leads as the host sees it. */
  private record Found(Link link, Optional<Path> target) {}

  private static Optional<Link> link(Map<String, Found> folder, String file) {
    return Optional.ofNullable(folder.get(file)).map(Found::link);
  }

  /** systemd from 257 on takes {@code NAME.sysext.raw} for NAME. */
  private Optional<String> rival(String file) {
    return file.endsWith(suffix()) && file.length() > suffix().length()
        ? Optional.of(file.substring(0, file.length() - suffix().length()))
        : Optional.empty();
  }

  private String suffix() {
    return layout.extensionClass().suffix() + RAW;
  }

  private static NameView rivalled(String by) {
    return new NameView(
        Optional.empty(), Map.of(), Optional.empty(), Optional.empty(), Optional.of(by));
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
        && !shown.startsWith(layout.runOnHost())) {
      Optional<String> adopted = Inodes.imageOf(layout, entry);
      Optional<String> file =
          Optional.of(
              (shown.startsWith(layout.storeOnHost())
                      ? layout.storeOnHost().relativize(shown)
                      : shown)
                  .toString());
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
        layout.imagesOnHost().equals(target.getParent()) && DIGEST.matcher(digest).matches()
            ? new Link.Image(digest)
            : new Link.Foreign("the link " + shown + " to " + target);
    return new Found(link, Optional.of(target));
  }

  /**
   * A profile's link to the entry of the same name in the store's root is what that entry is: ours,
   * or somebody else's file, be it installed and enabled by {@code kairos-agent}.
   */
  private Found throughRoot(String file, Found found, Map<String, Found> roots) {
    if (found.target().filter(layout.storeOnHost().resolve(file)::equals).isEmpty()) {
      return found;
    }
    Link root = link(roots, file).orElse(found.link());
    if (root instanceof Link.Image image) {
      return new Found(new Link.ThroughRoot(image.sha256()), found.target());
    }
    if (root instanceof Link.Adopted adopted) {
      return new Found(new Link.ThroughRoot(adopted.sha256()), found.target());
    }
    String what = ((Link.Foreign) found.link()).what();
    return new Found(new Link.Foreign(what, ((Link.Foreign) root).file()), found.target());
  }

  /** A run link through a profile's link of the same name is ours when that link is, or is gone. */
  private Found throughProfile(String file, Found run, Map<Profile, Map<String, Found>> profiles) {
    for (Profile profile : layout.profiles()) {
      Path through = layout.profileOnHost(profile).resolve(file);
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

  private Map<String, Set<Profile>> foreign(
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
                            .filter(t -> layout.storeOnHost().equals(t.getParent()))
                            .isPresent();
                    String key =
                        intoStore
                            ? found.target().orElseThrow().getFileName().toString()
                            : layout.nameOf(profile, file);
                    foreign.computeIfAbsent(key, k -> new TreeSet<>()).add(profile);
                  }
                }));
    runs.forEach(
        (file, found) -> {
          boolean intoStore =
              found.target().filter(t -> t.startsWith(layout.storeOnHost())).isPresent();
          if (found.link() instanceof Link.Foreign && !intoStore) {
            foreign.put(layout.runOnHost().resolve(file).toString(), new TreeSet<>());
          }
        });
    return foreign;
  }

  private Map<String, String> good() throws IOException {
    Map<String, String> good = new TreeMap<>();
    for (Path entry : entries(layout.good())) {
      if (classify(entry, layout.goodOnHost()).link() instanceof Link.Image image) {
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
        image(entry).ifPresent(found -> images.put(file, found));
      }
    }
    return images;
  }

  /**
   * Nothing, where it is no file, or is gone since its name was read. One that cannot be looked at
   * is there, and whoever wants it finds out: it is not a reason to give up the others.
   */
  private static Optional<Storage.ImageFile> image(Path entry) {
    try {
      BasicFileAttributes found =
          Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return found.isRegularFile()
          ? Optional.of(new Storage.ImageFile(found.size(), found.lastModifiedTime().toMillis()))
          : Optional.empty();
    } catch (NoSuchFileException gone) {
      return Optional.empty();
    } catch (IOException unreadable) {
      return Optional.of(new Storage.ImageFile(0, 0));
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
