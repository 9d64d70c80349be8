package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.digest;
import static io.kairos.extensions.agent.plan.Wanted.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Images {@code old-1}, {@code old-2} … are spare; a higher number was downloaded later. */
class GarbageTest {
  private static final String IN_USE = digest("tool", "1");
  private static final long MIB = 1L << 20;

  private final Assignment tool = live("tool", "1");

  private static String old(int number) {
    return digest("old", String.valueOf(number));
  }

  private static Storage storage(int spares, int keep, long free, Set<String> inLoops) {
    Map<String, Storage.ImageFile> files = new HashMap<>();
    files.put(IN_USE, new Storage.ImageFile(MIB, 0));
    for (int i = 1; i <= spares; i++) {
      files.put(old(i), new Storage.ImageFile(MIB, i));
    }
    return new Storage(files, inLoops, free, 100 * MIB, keep);
  }

  private static HostView view(Storage storage, String... strays) {
    NameView links =
        new NameView(
            Optional.of(new Link.Image(IN_USE)),
            Map.of(Profile.ACTIVE, new Link.Image(IN_USE)),
            Optional.of(new Link.ViaProfile(Profile.ACTIVE)),
            Optional.of(IN_USE),
            Optional.empty());
    return new HostView(
        Optional.of(Profile.ACTIVE),
        Map.of("tool", links),
        Map.of("tool", Optional.of(IN_USE)),
        storage.files().keySet(),
        Set.of(strays),
        List.of(),
        Map.of(),
        storage,
        List.of("/usr"),
        Map.of(),
        HostView.Versions.UNKNOWN,
        Optional.empty(),
        Optional.empty(),
        HostView.EVERY_PROFILE,
        Map.of());
  }

  private static Set<String> deleted(Storage storage, Memory memory, Assignment... assignments) {
    Set<String> deleted = new HashSet<>();
    new Garbage(Desired.only(List.of(assignments)), view(storage), memory, 0)
        .actions()
        .forEach(action -> deleted.add(((Action.DeleteImage) action).sha256()));
    return deleted;
  }

  private Set<String> deleted(Storage storage) {
    return deleted(storage, Memory.EMPTY, tool);
  }

  @Test
  void theLastOneForEachExtensionStays() {
    assertThat(deleted(storage(3, 1, 200 * MIB, Set.of())))
        .containsExactlyInAnyOrder(old(1), old(2));
    assertThat(deleted(storage(3, 1, 200 * MIB, Set.of()), Memory.EMPTY, tool, live("other", "1")))
        .containsExactly(old(1));
    assertThat(deleted(storage(3, 0, 200 * MIB, Set.of()))).hasSize(3);
    assertThat(deleted(storage(3, 3, 200 * MIB, Set.of()))).isEmpty();
  }

  @Test
  void belowTheLowWaterMarkTheOldestGoUntilThereIsRoom() {
    assertThat(deleted(storage(5, 5, 98 * MIB, Set.of())))
        .containsExactlyInAnyOrder(old(1), old(2));
    assertThat(deleted(storage(5, 5, 0, Set.of()))).hasSize(5);
    assertThat(deleted(storage(5, 4, 98 * MIB, Set.of())))
        .as("what goes for being one too many counts")
        .containsExactlyInAnyOrder(old(1), old(2));
  }

  @Test
  void whatALoopDeviceHasOpenStaysAndTakesNobodysPlace() {
    assertThat(deleted(storage(3, 1, 0, Set.of(old(1))))).containsExactlyInAnyOrder(old(2), old(3));
    assertThat(deleted(storage(3, 1, 200 * MIB, Set.of(old(3))))).containsExactly(old(1));
  }

  @Test
  void aRemovalTakesItsImageAtOnceAndAllThatIsSpare() {
    Assignment gone = live("gone", "1").tombstone();
    String its = gone.target().image().sha256();
    Storage there = storage(2, 1, 200 * MIB, Set.of(its));
    Map<String, Storage.ImageFile> files = new HashMap<>(there.files());
    files.put(its, new Storage.ImageFile(MIB, 9));
    Storage storage =
        new Storage(files, there.inLoops(), there.freeBytes(), there.lowWaterBytes(), 1);
    assertThat(deleted(storage, Memory.EMPTY, tool, gone))
        .containsExactlyInAnyOrder(its, old(1), old(2));
    assertThat(
            new Garbage(Desired.only(List.of(tool, gone)), view(storage), Memory.EMPTY, 0)
                .actions())
        .as("its own is the last: the removal is over with it")
        .endsWith(new Action.DeleteImage(its));
  }

  @Test
  void whatCouldNotBeDeletedGoesAfterItsPauseThoughTheRemovalThatCondemnedItIsOver() {
    Storage there = storage(1, 1, 200 * MIB, Set.of());
    assertThat(deleted(there)).isEmpty();
    Memory memory = Memory.EMPTY.undeleted(old(1), "I/O error", -100_000, "node");

    assertThat(deleted(there, memory, tool)).containsExactly(old(1));
    assertThat(deleted(there, Memory.EMPTY.undeleted(old(1), "I/O error", 0, "node"), tool))
        .as("not before")
        .isEmpty();
  }

  @Test
  void aDownloadThatFoundNoRoomGetsAllThatIsSpare() {
    Memory memory =
        Memory.EMPTY.failed(tool, Reasons.INSUFFICIENT_STORAGE, "the disk is full", 0, "node");
    assertThat(deleted(storage(2, 1, 200 * MIB, Set.of()), memory, tool)).hasSize(2);
  }

  @Test
  void withoutAssignmentsNothingIsKept() {
    assertThat(deleted(storage(2, 1, 200 * MIB, Set.of()), Memory.EMPTY)).hasSize(2);
  }

  @Test
  void leftoversStayAsLongAsTheirImageIsStillToCome() {
    Assignment fresh = live("fresh", "1");
    String toCome = "staging/" + fresh.target().image().sha256() + ".part";
    String there = "staging/" + IN_USE + ".part.meta";
    HostView view = view(storage(0, 0, 200 * MIB, Set.of()), toCome, there, "links/active-x.raw");

    assertThat(new Garbage(Desired.only(List.of(tool, fresh)), view, Memory.EMPTY, 0).actions())
        .containsExactly(
            new Action.DeleteStray("links/active-x.raw"), new Action.DeleteStray(there));
    assertThat(
            new Garbage(Desired.only(List.of(tool)), view, Memory.EMPTY.begun(Memory.use(tool)), 0)
                .actions())
        .as("while it is in work")
        .containsExactly(
            new Action.DeleteStray("links/active-x.raw"), new Action.DeleteStray(toCome));
  }

  @Test
  void theDefaultLowWaterMarkIsAGibibyteOrATenth() {
    assertThat(Storage.Limits.DEFAULT.lowWaterBytes(100L << 30)).isEqualTo(1L << 30);
    assertThat(Storage.Limits.DEFAULT.lowWaterBytes(5_000)).isEqualTo(500);
    assertThat(new Storage.Limits(1, OptionalLong.of(7)).lowWaterBytes(5_000)).isEqualTo(7);
  }

  @Property(tries = 500)
  void whatIsInUseNeverGoesAndNothingIsCollectedTwice(
      @ForAll @IntRange(max = 12) int spares,
      @ForAll @IntRange(max = 4) int keep,
      @ForAll @LongRange(max = 200L << 20) long free,
      @ForAll @Size(max = 4) Set<@IntRange(min = 1, max = 12) Integer> open) {
    Set<String> inLoops = new HashSet<>();
    open.forEach(number -> inLoops.add(old(number)));
    Storage before = storage(spares, keep, free, inLoops);
    Set<String> deleted = deleted(before);

    assertThat(deleted).doesNotContain(IN_USE).noneMatch(inLoops::contains);
    Map<String, Storage.ImageFile> left = new HashMap<>(before.files());
    left.keySet().removeAll(deleted);
    Storage after =
        new Storage(
            left,
            inLoops,
            free + deleted.size() * MIB,
            before.lowWaterBytes(),
            before.keepImages());
    assertThat(deleted(after)).isEmpty();
    long spare = left.keySet().stream().filter(i -> !inLoops.contains(i)).count() - 1;
    assertThat(spare).isLessThanOrEqualTo(keep);
    assertThat(after.freeBytes() >= after.lowWaterBytes() || spare == 0).isTrue();
  }
}
