/** What an agent tells by HTTP: whether it works, and its metrics. */
package io.kairos.extensions.agent.serve;
