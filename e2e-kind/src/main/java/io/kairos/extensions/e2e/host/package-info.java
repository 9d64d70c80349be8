/**
 * Hosts for tests and for the sandbox: a systemd that is really PID 1 in namespaces of its own,
 * laid out like a Kairos host, where the machine allows it; a plain folder with the same layout
 * where it does not. And tiny extension images to put on them.
 */
package io.kairos.extensions.e2e.host;
