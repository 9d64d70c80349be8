package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A file system out of a test's hands. */
final class MemoryFileSystem implements FileSystem {
  private final List<Node> nodes = new ArrayList<>(List.of(new Node(FileType.DIRECTORY, "")));

  MemoryFileSystem file(String path, String content) {
    return put(path, new Node(FileType.REGULAR, content));
  }

  MemoryFileSystem folder(String path) {
    return put(path, new Node(FileType.DIRECTORY, ""));
  }

  MemoryFileSystem link(String path, String target) {
    return put(path, new Node(FileType.SYMLINK, target));
  }

  MemoryFileSystem attribute(String path, String name, String value) {
    node(path).attributes.put(name, value);
    return this;
  }

  /** Another name for a directory that exists: what no honest image has. */
  MemoryFileSystem alias(String path, String existing) {
    return put(path, node(existing));
  }

  ImageTree tree() {
    return new ImageTree(this);
  }

  private MemoryFileSystem put(String path, Node node) {
    Node at = nodes.get(0);
    String[] parts = path.split("/", -1);
    for (int i = 0; i < parts.length; i++) {
      Node next = i + 1 == parts.length ? node : new Node(FileType.DIRECTORY, "");
      at =
          i + 1 == parts.length
              ? force(at, parts[i], next)
              : at.names.computeIfAbsent(parts[i], n -> next);
      if (!nodes.contains(at)) {
        nodes.add(at);
      }
    }
    return this;
  }

  private static Node force(Node parent, String name, Node node) {
    parent.names.put(name, node);
    return node;
  }

  private Node node(String path) {
    Node at = nodes.get(0);
    for (String part : path.split("/", -1)) {
      at = part.isEmpty() ? at : at.names.get(part);
    }
    return at;
  }

  @Override
  public long root() {
    return 0;
  }

  @Override
  public Entry entry(long reference) {
    Node node = nodes.get((int) reference);
    return new Entry(node.type, node.content.length(), reference);
  }

  @Override
  public void scan(Entry directory, Names names) throws IOException {
    for (Map.Entry<String, Node> e : nodes.get((int) directory.reference()).names.entrySet()) {
      if (!names.next(e.getKey(), e.getValue().type, nodes.indexOf(e.getValue()))) {
        return;
      }
    }
  }

  @Override
  public byte[] read(Entry file) {
    return nodes.get((int) file.reference()).content.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public String target(Entry link) {
    return nodes.get((int) link.reference()).content;
  }

  @Override
  public Optional<byte[]> userAttribute(Entry entry, String name) {
    return Optional.ofNullable(nodes.get((int) entry.reference()).attributes.get(name))
        .map(value -> value.getBytes(StandardCharsets.UTF_8));
  }

  private static final class Node {
    private final FileType type;
    private final String content;
    private final Map<String, Node> names = new TreeMap<>();
    private final Map<String, String> attributes = new HashMap<>();

    private Node(FileType type, String content) {
      this.type = type;
      this.content = content;
    }
  }
}
