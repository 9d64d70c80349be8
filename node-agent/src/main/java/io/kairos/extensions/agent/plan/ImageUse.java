package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Signature;

/**
 * An image under the name it shall have on the host; the name decides which extension-release is
 * looked for. Who has to have signed it belongs to it: what was fit without a signature is looked
 * at again when one is required.
 *
 * @param sha256 the image
 * @param name the extension's name
 * @param signature who has to have signed it
 */
public record ImageUse(String sha256, String name, Signature signature) {}
