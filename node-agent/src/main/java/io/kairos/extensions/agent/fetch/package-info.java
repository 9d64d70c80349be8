/** From a source to a verified, inspected image in the store. */
package io.kairos.extensions.agent.fetch;
