package io.kairos.extensions.agent.plan;

/**
 * An image under the name it shall have on the host; the name decides which extension-release is
 * looked for.
 *
 * @param sha256 the image
 * @param name the extension's name
 */
public record ImageUse(String sha256, String name) {}
