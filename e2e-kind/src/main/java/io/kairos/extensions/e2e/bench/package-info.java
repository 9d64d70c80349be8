/** Programs that measure and print a table; nothing here passes or fails. */
package io.kairos.extensions.e2e.bench;
