/** Every answer names the release and the process it comes from, so that a deploy can tell old from new. */
export const versionHeader = 'x-shop-version';
export const processHeader = 'x-shop-pid';
