/** What is measured of a fleet, and how it is told to Prometheus. */
package io.kairos.extensions.operator.metrics;
