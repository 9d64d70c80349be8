/** The host's systemd, reached through its system bus. */
package io.kairos.extensions.agent.host;
