/** Health gates: expressions and objects → open or closed. Pure: no client, no clock. */
package io.kairos.extensions.operator.gate;
