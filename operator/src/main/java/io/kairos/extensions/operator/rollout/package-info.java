/**
 * How fast: which of the planned changes are written now. Pure: no client, no clock. {@link
 * io.kairos.extensions.operator.rollout.Admission} explains the algorithm.
 */
package io.kairos.extensions.operator.rollout;
