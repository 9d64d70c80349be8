package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;

/**
 * Files that two extensions of a node both carry: a merge shows those of one, and says nothing.
 *
 * @param type the class of both
 * @param hidden the extension whose files are not seen, by its name on the host
 * @param shown the one whose files are seen
 * @param files some of them, paths on the host
 * @param count how many there are
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record FileOverlap(
    @JsonPropertyDescription("The class of both.") ExtensionType type,
    @JsonPropertyDescription("The extension whose files are not seen.") String hidden,
    @JsonPropertyDescription("The extension whose files are seen.") String shown,
    @JsonPropertyDescription("Some of the files.") List<String> files,
    @JsonPropertyDescription("How many files there are.") int count) {

  /** Absent values as empty ones. */
  public FileOverlap {
    type = Values.or(type, ExtensionType.SYSEXT);
    hidden = Values.text(hidden);
    shown = Values.text(shown);
    files = Values.list(files);
  }
}
