/** How far it is: states → counts, conditions and samples. Pure: no client, no clock. */
package io.kairos.extensions.operator.status;
