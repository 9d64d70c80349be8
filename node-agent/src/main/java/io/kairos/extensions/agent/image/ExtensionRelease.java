package io.kairos.extensions.agent.image;

/**
 * The extension-release file that systemd uses for an image.
 *
 * @param path in the image
 * @param named whether its name is the extension's; otherwise the file itself waived that, with the
 *     attribute {@code user.extension-release.strict=false}
 * @param fields what it says
 */
public record ExtensionRelease(String path, boolean named, OsRelease fields) {}
