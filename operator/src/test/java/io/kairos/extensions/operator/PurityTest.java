package io.kairos.extensions.operator;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * What decides knows no client and no clock, and the rooms build on each other in one direction.
 */
@AnalyzeClasses(
    packages = "io.kairos.extensions.operator",
    importOptions = ImportOption.DoNotIncludeTests.class)
class PurityTest {
  private static final String[] PURE = {
    "..operator.drain..",
    "..operator.gate..",
    "..operator.plan..",
    "..operator.rollout..",
    "..operator.status.."
  };

  @ArchTest
  static final ArchRule NO_CLIENT =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.fabric8.kubernetes.client..",
              "io.javaoperatorsdk..",
              "org.slf4j..",
              "java.net..",
              "java.nio.file..",
              "java.util.concurrent..",
              "..operator.reconcile..");

  /** Times are values that come in; what the time is now, nobody asks. */
  @ArchTest
  static final ArchRule NO_CLOCK =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .dependOnClassesThat()
          .areAssignableTo(java.time.InstantSource.class)
          .orShould()
          .callMethodWhere(
              target(owner(resideInAPackage("java.time..")))
                  .and(target(nameMatching("now|systemDefault"))))
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("io.kairos.extensions.operator.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule PLAN_KNOWS_NO_ROLLOUT =
      noClasses()
          .that()
          .resideInAPackage("..operator.plan..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..operator.rollout..", "..operator.status..");
}
