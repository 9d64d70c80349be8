/**
 * {@code extensions.kairos.io/v1alpha1}: SystemExtension and NodeExtensionPolicy are written by
 * people, NodeExtensionState carries the work of one node down and its evidence up. Absent lists
 * and texts are empty here, never null.
 */
package io.kairos.extensions.api.v1alpha1;
