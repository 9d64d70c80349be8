/**
 * The API of the sysext-operator: what users write and what operator and agents say to each other.
 */
package io.kairos.extensions.api;
