package io.kairos.extensions.agent;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.kairos.extensions.agent.report.StatusWriter;
import java.time.Clock;
import java.time.Instant;

/** What the pure rooms may not reach, so that they stay plain functions of their arguments. */
@AnalyzeClasses(packagesOf = Agent.class, importOptions = DoNotIncludeTests.class)
class PureRoomsTest {
  private static final String AGENT = "io.kairos.extensions.agent";

  private static final DescribedPredicate<JavaClass> CLIENT =
      resideInAPackage("io.fabric8.kubernetes.client..")
          .or(resideInAnyPackage("org.freedesktop..", "com.github.hypfvieh.."))
          .as("a client of the API server or the bus");

  private static final DescribedPredicate<JavaClass> CLOCK =
      equivalentTo(Clock.class)
          .or(equivalentTo(Instant.class))
          .or(equivalentTo(Thread.class))
          .or(resideInAPackage("java.util.concurrent.."))
          .as("a clock or a thread");

  private static final DescribedPredicate<JavaClass> NETWORK =
      resideInAnyPackage("java.net..", "javax.net..").as("the network");

  @ArchTest
  static final ArchRule THE_PLAN_IS_MADE_OF_VALUES =
      classes()
          .that()
          .resideInAPackage(AGENT + ".plan..")
          .should()
          .onlyDependOnClassesThat(
              resideInAnyPackage(
                      AGENT + ".plan..",
                      "io.kairos.extensions.api..",
                      "java.util..",
                      "java.lang..",
                      "lombok..")
                  .and(not(CLOCK)));

  @ArchTest
  static final ArchRule IMAGES_ARE_READ_AND_NOTHING_ELSE =
      noClasses()
          .that()
          .resideInAPackage(AGENT + ".image..")
          .should()
          .dependOnClassesThat(
              CLIENT
                  .or(CLOCK)
                  .or(NETWORK)
                  .or(resideInAPackage("io.kairos.extensions.api.."))
                  .or(
                      resideInAPackage(AGENT + "..")
                          .and(not(resideInAPackage(AGENT + ".image..")))));

  @ArchTest
  static final ArchRule A_REPORT_IS_MADE_OF_EVIDENCE =
      noClasses()
          .that()
          .resideInAPackage(AGENT + ".report..")
          .and()
          .doNotBelongToAnyOf(StatusWriter.class)
          .should()
          .dependOnClassesThat(
              CLIENT
                  .or(CLOCK)
                  .or(NETWORK)
                  .or(resideInAPackage("java.nio.."))
                  .or(
                      resideInAnyPackage(
                          AGENT, AGENT + ".store..", AGENT + ".host..", AGENT + ".fetch..")));

  @ArchTest
  static final ArchRule ONLY_THE_AGENT_AND_ITS_WRITER_KNOW_THE_API_SERVER =
      noClasses()
          .that()
          .resideInAnyPackage(
              AGENT + ".store..", AGENT + ".host..", AGENT + ".fetch..", AGENT + ".image..")
          .should()
          .dependOnClassesThat(resideInAPackage("io.fabric8.."));

  @ArchTest
  static final ArchRule ONLY_THE_HOST_KNOWS_THE_BUS =
      noClasses()
          .that()
          .resideOutsideOfPackage(AGENT + ".host..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.freedesktop..", "com.github.hypfvieh..");
}
