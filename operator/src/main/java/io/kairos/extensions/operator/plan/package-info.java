/**
 * What shall be: policies × extensions × nodes → assignments and problems. Pure: no client, no
 * clock.
 */
package io.kairos.extensions.operator.plan;
