/**
 * Reads extension images without mounting them: bytes in, a verdict out.
 *
 * <p>The images are untrusted and the agent is root, so nothing here trusts a number that it read:
 * every offset is checked against the file, every count and every decompressed size has a bound,
 * and the work done for one image has a budget. A bad image ends in an {@link
 * io.kairos.extensions.agent.image.ImageException} inside and in an {@link
 * io.kairos.extensions.agent.image.Inspection.Unfit} outside, never in another exception.
 */
package io.kairos.extensions.agent.image;
