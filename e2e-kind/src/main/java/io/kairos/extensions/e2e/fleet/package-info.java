/**
 * Clusters, operators, hosts and agents put together, for scenarios, the sandbox and benchmarks.
 */
package io.kairos.extensions.e2e.fleet;
