/** The image that a template names for a ref. */
export const imageOf = (template: string, ref: string): string =>
  template.replaceAll('{ref}', () => ref);

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const domain = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:]+\\])(?::[0-9]+)?';
const tag = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const digest = '[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9A-Fa-f]{32,}';
const reference = new RegExp(
  `^(?:${domain}/)?${component}(?:/${component})*(?::${tag})?(?:@${digest})?$`,
);

/**
 * Whether it is an image reference by the grammar of the distribution project
 * (https://github.com/distribution/reference). The API server takes almost any text, and only the
 * nodes would find out.
 */
export const isImage = (image: string): boolean => image.length <= 512 && reference.test(image);
