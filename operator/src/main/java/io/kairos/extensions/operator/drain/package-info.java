/**
 * Moves pods away before a node is disturbed, allows the disturbance, and makes the node
 * schedulable again. Pure: no client, no clock. {@link io.kairos.extensions.operator.drain.Drains}
 * explains the algorithm.
 */
package io.kairos.extensions.operator.drain;
