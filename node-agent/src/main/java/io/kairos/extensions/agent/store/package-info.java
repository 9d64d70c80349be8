/**
 * The store's layout on the host: reading it without following a link, changing it by durable
 * steps.
 */
package io.kairos.extensions.agent.store;
