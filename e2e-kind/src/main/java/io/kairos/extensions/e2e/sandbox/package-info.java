/**
 * The main job on one machine: a cluster, the operator, hosts with their agents, the samples, and a
 * table that shows it happen.
 */
package io.kairos.extensions.e2e.sandbox;
