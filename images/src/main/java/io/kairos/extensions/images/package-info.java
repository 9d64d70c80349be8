/**
 * Makes the container images of both programs by a JDK alone: a runtime cut to size, the few system
 * libraries that it needs, the program's jars, and what a training run left so that the program
 * starts quickly.
 */
package io.kairos.extensions.images;
