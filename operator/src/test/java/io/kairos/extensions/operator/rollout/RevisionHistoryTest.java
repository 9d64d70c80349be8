package io.kairos.extensions.operator.rollout;

import static io.kairos.extensions.operator.plan.Fleets.NOW;
import static io.kairos.extensions.operator.plan.Fleets.content;
import static io.kairos.extensions.operator.plan.Fleets.deleting;
import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.reported;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.stored;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.SecretReference;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.plan.StoredRevision;
import io.kairos.extensions.operator.rollout.Write.ConfirmPolicyGone;
import io.kairos.extensions.operator.rollout.Write.DropRevision;
import io.kairos.extensions.operator.rollout.Write.RenumberRevision;
import io.kairos.extensions.operator.rollout.Write.StoreRevision;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RevisionHistoryTest {
  private final Extension one = extension("hello", "1");
  private final Extension two = extension("hello", "2");
  private final Policy base = policy("base", "hello");
  private final Node n1 = node("n1");

  @Test
  void whatNodesAreAboutToBeToldIsStoredFirst() {
    assertThat(kept(fleet(List.of(base), List.of(one), List.of(n1), state(n1))))
        .singleElement()
        .isInstanceOfSatisfying(
            StoreRevision.class,
            store -> {
              assertThat(store.policy()).isEqualTo("base");
              assertThat(store.number()).isEqualTo(1);
              assertThat(store.content()).isEqualTo(content(base, one));
              assertThat(store.object()).startsWith("base-" + store.revision() + "-");
            });
  }

  @Test
  void whatNobodyIsToldIsNot() {
    Policy paused = with(base, spec -> spec.paused(true));
    Policy broken =
        with(base, spec -> spec.extensions(List.of(ExtensionReference.byPattern("a("))));
    State told = reported(state(n1, wanted(one)), Phase.ACTIVE);

    assertThat(kept(fleet(List.of(paused), List.of(one), List.of(n1), state(n1)))).isEmpty();
    assertThat(kept(fleet(List.of(paused), List.of(two), List.of(n1), told))).isEmpty();
    assertThat(kept(fleet(List.of(broken), List.of(one), List.of(n1), state(n1)))).isEmpty();
    assertThat(kept(fleet(List.of(deleting(base)), List.of(one), List.of(n1), told))).isEmpty();
  }

  @Test
  void whatNodesHadBeforeAnythingWasKeptIsStoredWhileItIsGiven() {
    State told = reported(state(n1, wanted(one)), Phase.ACTIVE);

    assertThat(kept(fleet(List.of(base), List.of(one), List.of(n1), told)))
        .singleElement()
        .isInstanceOfSatisfying(
            StoreRevision.class,
            store -> assertThat(store.content()).isEqualTo(content(base, one)));
  }

  @Test
  void whatIsStoredAndTheNewestNeedsNothing() {
    FleetSnapshot fleet = fleet(List.of(base), List.of(two), List.of(n1), state(n1));

    assertThat(
            kept(
                fleet.withRevisions(
                    List.of(
                        stored(base, 1, content(base, one)), stored(base, 2, content(base, two))))))
        .isEmpty();
  }

  @Test
  void whatIsGivenAgainBecomesTheNewestFirst() {
    StoredRevision first = stored(base, 1, content(base, one));
    StoredRevision second = stored(base, 2, content(base, two));
    FleetSnapshot again = fleet(List.of(base), List.of(one), List.of(n1), state(n1));

    assertThat(kept(again.withRevisions(List.of(first, second))))
        .containsExactly(new RenumberRevision(first.object(), 3));
    // Two leaders gave the same number.
    assertThat(kept(again.withRevisions(List.of(first, stored(base, 1, content(base, two))))))
        .containsExactly(new RenumberRevision(first.object(), 2));
    // Nobody is told of it: it may stay where it is.
    State told = reported(state(n1, wanted(one)), Phase.ACTIVE);
    assertThat(
            kept(
                fleet(List.of(base), List.of(one), List.of(n1), told)
                    .withRevisions(List.of(first, second))))
        .isEmpty();
  }

  @Test
  void anotherPullSecretIsTheSameRevisionAndIsStoredAnew() {
    Extension secret =
        new Extension(
            one.name(),
            1,
            false,
            true,
            one.labels(),
            one.imageName(),
            one.spec().toBuilder().pullSecretOrNull(new SecretReference("other")).build(),
            one.status());
    StoredRevision before = stored(base, 4, content(base, one));
    StoredRevision after = stored(base, 5, content(base, secret));
    State told = reported(state(n1, wanted(secret)), Phase.ACTIVE);
    FleetSnapshot fleet = fleet(List.of(base), List.of(secret), List.of(n1), told);

    assertThat(before.revision()).isEqualTo(after.revision());
    assertThat(kept(fleet.withRevisions(List.of(before))))
        .singleElement()
        .isInstanceOfSatisfying(
            StoreRevision.class, store -> assertThat(store.object()).isEqualTo(after.object()));
    assertThat(dropped(fleet.withRevisions(List.of(before)))).isEmpty();
    assertThat(dropped(fleet.withRevisions(List.of(before, after))))
        .containsExactly(new DropRevision(before.object()));
  }

  @Test
  void theOldestGoButNeverWhatIsInUse() {
    List<StoredRevision> many = new ArrayList<>();
    IntStream.rangeClosed(1, 20)
        .forEach(i -> many.add(stored(base, i, content(base, extension("hello", "v" + i)))));
    Extension oldest = extension("hello", "v1");
    Extension newest = extension("hello", "v20");
    Node n2 = node("n2");
    FleetSnapshot fleet =
        fleet(
                List.of(base),
                List.of(newest),
                List.of(n1, n2),
                reported(state(n1, wanted(oldest)), Phase.FETCHING),
                reported(state(n2, wanted(extension("hello", "v3"))), Phase.ACTIVE))
            .withRevisions(many);

    assertThat(dropped(fleet))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.of(2, 4, 5, 6, 7, 8, 9)
                .mapToObj(i -> (Write) new DropRevision(many.get(i - 1).object()))
                .toList());
  }

  @Test
  void everythingGoesWithThePolicy() {
    StoredRevision first = stored(base, 1, content(base, one));
    FleetSnapshot working =
        fleet(
            List.of(deleting(base)),
            List.of(one),
            List.of(n1),
            reported(state(n1, wanted(one)), Phase.ACTIVE));
    FleetSnapshot clean = fleet(List.of(deleting(base)), List.of(one), List.of(n1), state(n1));

    assertThat(dropped(working.withRevisions(List.of(first)))).isEmpty();
    assertThat(dropped(clean.withRevisions(List.of(first))))
        .containsExactly(new DropRevision(first.object()));
  }

  @Test
  void whatAPolicyLeftBehindGoesOnceItIsConfirmedGone() {
    StoredRevision left = stored(policy("gone", "hello"), 1, content(base, one));
    StoredRevision earlier =
        new StoredRevision(
            "earlier", "base", "another-uid", "v1-1", 1, "", left.content()); // of the same name

    assertThat(
            dropped(
                fleet(List.of(base), List.of(one), List.of(n1), state(n1))
                    .withRevisions(List.of(left, earlier))))
        .containsExactly(
            new ConfirmPolicyGone("base", "another-uid"),
            new DropRevision("earlier"),
            new ConfirmPolicyGone("gone", "uid-gone"),
            new DropRevision(left.object()));
  }

  private Assignment wanted(Extension extension) {
    return Planner.plan(fleet(List.of(base), List.of(extension), List.of(n1)))
        .nodes()
        .get("n1")
        .wanted()
        .values()
        .iterator()
        .next();
  }

  private static List<Write> kept(FleetSnapshot fleet) {
    Plan plan = Planner.plan(fleet);
    return RevisionHistory.toKeep(fleet, plan, Deciding.decide(fleet, plan));
  }

  private static List<Write> dropped(FleetSnapshot fleet) {
    Plan plan = Planner.plan(fleet);
    Decisions decisions = Deciding.decide(fleet, plan);
    return RevisionHistory.toDrop(
        fleet,
        plan,
        decisions,
        Finalizers.toRemove(fleet, plan, decisions, new Evidence(fleet, new Alarm(NOW))));
  }
}
