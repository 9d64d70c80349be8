/** Makes merged images prove themselves: services and health checks. */
package io.kairos.extensions.agent.prove;
