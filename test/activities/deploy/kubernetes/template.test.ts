import { expect, test } from 'vitest';
import { templateSchema } from '../../../../src/activities/deploy/kubernetes/objects.ts';
import {
  digestOf,
  imagesOf,
  withImage,
} from '../../../../src/activities/deploy/kubernetes/template.ts';

const template = (containers: object[], more: object = {}) =>
  templateSchema.parse({ metadata: { labels: { app: 'shop' } }, spec: { containers }, ...more });

const shop = { name: 'shop', image: 'shop:v1', env: [{ name: 'A', value: '1' }] };
const proxy = { name: 'proxy', image: 'proxy:v7' };

test('one image changes, and everything else stays, also what is not known here', () => {
  const before = template([proxy, shop], { fieldOfTomorrow: { x: [1] } });
  expect(withImage(before, 'shop', 'shop:v2', 'key-1')).toEqual({
    metadata: { labels: { app: 'shop' }, annotations: { 'hotfix/idempotency-key': 'key-1' } },
    spec: { containers: [proxy, { ...shop, image: 'shop:v2' }] },
    fieldOfTomorrow: { x: [1] },
  });
});

test('the digest is of what it says, not of how it is written', () => {
  const one = template([{ name: 'shop', image: 'shop:v1', resources: {} }]);
  const other = template([{ resources: {}, image: 'shop:v1', lifecycle: null, name: 'shop' }]);
  expect(digestOf(other)).toBe(digestOf(one));
});

test.each([
  ['an image', template([{ ...shop, image: 'shop:v2' }])],
  ['a variable', template([{ ...shop, env: [{ name: 'A', value: '2' }] }])],
  ['an order', template([proxy, shop])],
  ['something unknown', template([shop], { fieldOfTomorrow: 1 })],
])('%s makes another digest', (_, changed) => {
  expect(digestOf(changed)).not.toBe(digestOf(template([shop])));
});

test('a version is its image, or all of them', () => {
  expect(imagesOf(template([shop]))).toBe('shop:v1');
  expect(imagesOf(template([shop, proxy]))).toBe('shop=shop:v1, proxy=proxy:v7');
});
