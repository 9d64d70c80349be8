package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.api.v1alpha1.Reasons;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Opens a file on a web server, from its beginning or from where an earlier try ended.
 *
 * <p>To carry on, the server is asked for the rest only if its file is still the same ({@code
 * Range}, {@code If-Range}). An answer of 206 is believed when it says exactly what was asked for;
 * 200 is the whole file, and so is what a server gives that knows no such range (416). What the
 * server says is checked, but nothing hangs on its honesty: the digest of the whole decides.
 */
final class WebFile {
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\\*)");
  private static final int LONGEST_VALIDATOR = 1024;

  private final Http http;

  WebFile(Http http) {
    this.http = http;
  }

  /**
   * Opens.
   *
   * @param resume where an earlier try ended
   * @throws FetchException when the server does not give it
   * @throws InterruptedException when the thread is
   */
  Opened open(URI url, Optional<Credential> credential, Optional<Part.Resume> resume)
      throws FetchException, InterruptedException {
    Http.Answer answer = http.get(url, headers(resume), credential);
    try {
      return opened(answer, resume);
    } catch (NoSuchRangeException startAnew) {
      answer.close();
      return open(url, credential, Optional.empty());
    } catch (FetchException e) {
      answer.close();
      throw e;
    }
  }

  private static final class NoSuchRangeException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private static Map<String, String> headers(Optional<Part.Resume> resume) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Accept-Encoding", "identity");
    resume.ifPresent(
        from -> {
          headers.put("Range", "bytes=" + from.offset() + "-");
          if (!isDigest(from.validator())) {
            headers.put("If-Range", from.validator());
          }
        });
    return headers;
  }

  /** A file that is addressed by its digest has no versions. */
  private static boolean isDigest(String validator) {
    return validator.startsWith("sha256:");
  }

  private static Opened opened(Http.Answer answer, Optional<Part.Resume> resume)
      throws FetchException, NoSuchRangeException {
    Optional<String> encoding =
        answer.header("Content-Encoding").filter(e -> !e.equalsIgnoreCase("identity"));
    if (answer.status() == 416 && resume.isPresent()) {
      throw new NoSuchRangeException();
    }
    if (answer.status() == 206 && resume.isPresent()) {
      return rest(answer, resume.get());
    }
    if (answer.status() != 200) {
      throw answer.refusal();
    }
    if (encoding.isPresent()) {
      throw new FetchException(
          Reasons.DOWNLOAD_REFUSED,
          Urls.shown(answer.from())
              + " comes with a Content-Encoding that nobody asked for: the server has to give the"
              + " file as it is");
    }
    OptionalLong length = answer.length();
    return new Opened(answer.body(), length, 0, length, validator(answer));
  }

  private static Optional<String> validator(Http.Answer answer) {
    return answer
        .header("ETag")
        .filter(tag -> tag.startsWith("\"")) // W/"…" is the weak kind, of no use for ranges
        .or(() -> answer.header("Last-Modified"))
        .filter(text -> text.length() <= LONGEST_VALIDATOR);
  }

  private static Opened rest(Http.Answer answer, Part.Resume from) throws FetchException {
    String url = Urls.shown(answer.from());
    String text = answer.header("Content-Range").orElse("");
    Matcher range = CONTENT_RANGE.matcher(text);
    if (!range.matches() || Long.parseLong(range.group(1)) != from.offset()) {
      throw changed(
          url
              + " was asked for bytes from "
              + from.offset()
              + " on and gives "
              + (range.matches() ? range.group() : "no Content-Range that can be read"));
    }
    long length = Long.parseLong(range.group(2)) - from.offset() + 1;
    OptionalLong total =
        range.group(3).equals("*") ? from.total() : OptionalLong.of(Long.parseLong(range.group(3)));
    if (length <= 0
        || (total.isPresent() && from.offset() + length > total.getAsLong())
        || (answer.length().isPresent() && answer.length().getAsLong() != length)) {
      throw changed(url + " gives " + range.group() + ", which contradicts itself");
    }
    if (total.isPresent()
        && from.total().isPresent()
        && total.getAsLong() != from.total().getAsLong()) {
      throw changed(
          url
              + " has "
              + total.getAsLong()
              + " bytes now and had "
              + from.total().getAsLong()
              + " when the download began");
    }
    Optional<String> tag = answer.header("ETag");
    if (from.validator().startsWith("\"")
        && tag.isPresent()
        && !tag.get().equals(from.validator())) {
      throw changed(url + " is another file now (its ETag differs) than when the download began");
    }
    return new Opened(
        answer.body(),
        OptionalLong.of(length),
        from.offset(),
        total,
        Optional.of(from.validator()));
  }

  private static FetchException changed(String message) {
    return new FetchException(
        Reasons.SOURCE_CHANGED, message + ": the next try starts from the beginning");
  }
}
