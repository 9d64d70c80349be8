package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.kairos.extensions.api.schema.DeepMerge;

/**
 * A time in which nodes may be changed.
 *
 * @param schedule when it opens: minute, hour, day of month, month, day of week, as crontab(5) has
 *     them
 * @param durationMinutes how long it stays open, in minutes
 * @param timeZone whose clock the schedule is of, a name of the IANA time zone database
 */
@ValidationRule(
    value = "self.schedule.matches('^[^ ]+( [^ ]+){4}$')",
    fieldPath = ".schedule",
    message =
        "schedule has five fields as in crontab: minute, hour, day of month, month, day of week,"
            + " such as '0 2 * * *'")
@ValidationRule(
    value = "!has(self.timeZone) || self.timeZone.matches('^[A-Za-z][A-Za-z0-9_+/-]*$')",
    fieldPath = ".timeZone",
    message = "timeZone is a name of the IANA time zone database, such as Europe/Berlin or UTC")
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          durationMinutes: {minimum: 1, maximum: 44640}
        """)
public record Window(
    @JsonPropertyDescription(
            "When it opens: minute, hour, day of month, month, day of week, as in crontab; '0 2 * * *' is each night at"
                + " two.")
        @Required
        @Size(max = 128)
        String schedule,
    @JsonPropertyDescription("How long it stays open, in minutes.") @Required int durationMinutes,
    @JsonPropertyDescription("Whose clock the schedule is of, such as Europe/Berlin. Default: UTC.")
        @Default("UTC")
        @Size(min = 1, max = 64)
        String timeZone) {

  /** Absent values as the API server fills them in. */
  public Window {
    schedule = Values.text(schedule);
    timeZone = Values.or(timeZone, "UTC");
  }
}
