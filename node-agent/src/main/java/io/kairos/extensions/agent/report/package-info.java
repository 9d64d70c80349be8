/** From a plan's standings to the node's status, and on to the API server. */
package io.kairos.extensions.agent.report;
