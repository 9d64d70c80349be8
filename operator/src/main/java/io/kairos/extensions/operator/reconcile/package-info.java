/**
 * The thin edge: caches in, writes out. What to write is decided in {@code plan}, {@code rollout}
 * and {@code status}.
 */
package io.kairos.extensions.operator.reconcile;
