import { createHash } from 'node:crypto';
import type { Template } from './objects.ts';

/** Marks the pods of a deploy by its idempotency key: the same image anew is a rollout too. */
export const keyAnnotation = 'hotfix/idempotency-key';

/** The template with another image in one container, and the key of the deploy that put it there. */
export function withImage(
  template: Template,
  container: string,
  image: string,
  key: string,
): Template {
  const { metadata, spec } = template;
  return {
    ...template,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, [keyAnnotation]: key } },
    spec: {
      ...spec,
      containers: spec.containers.map((one) => (one.name === container ? { ...one, image } : one)),
    },
  };
}

/** The same for the same template, however its JSON is written. */
export const digestOf = (template: Template): string =>
  createHash('sha256')
    .update(JSON.stringify(canonical(template)))
    .digest('hex');

/** Keys in order, without what is null: kept revisions spell out some nulls that answers leave out. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, held]) => held !== null && held !== undefined);
  return Object.fromEntries(
    kept
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, held]) => [key, canonical(held)]),
  );
}

/** Its images, as people know a version by: one, or each with its container's name. */
export function imagesOf({ spec: { containers } }: Template): string {
  const images = containers.map(({ name, image = 'no image' }) => ({ name, image }));
  return images.length === 1
    ? (images[0]?.image ?? '')
    : images.map(({ name, image }) => `${name}=${image}`).join(', ');
}
