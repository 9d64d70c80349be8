/**
 * Pure: what is wanted and what the host shows become ordered actions and a standing for each
 * extension.
 */
package io.kairos.extensions.agent.plan;
