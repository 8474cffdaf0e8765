import { expect, test } from 'vitest';
import { imageOf, isImage } from '../../../../src/activities/deploy/kubernetes/image.ts';

const digest = `sha256:${'a1'.repeat(32)}`;

test('the ref stands wherever the template says, whatever it holds', () => {
  expect(imageOf('r.example.com/shop:{ref}', 'v2')).toBe('r.example.com/shop:v2');
  expect(imageOf('{ref}/shop:{ref}', '$&')).toBe('$&/shop:$&');
});

test.each([
  'shop',
  'shop:v1',
  'library/shop:1.2.3-rc_1',
  'r.example.com:5000/team/shop:v1',
  'localhost:5000/shop',
  '[::1]:5000/shop:v1',
  `r.example.com/shop@${digest}`,
  `r.example.com/shop:v1@${digest}`,
])('%s is an image', (image) => {
  expect(isImage(image)).toBe(true);
});

test.each([
  '',
  'shop:',
  'Shop:v1',
  'r.example.com/shop:feature/x',
  'r.example.com/shop:a b',
  'r.example.com/shop:-v1',
  `r.example.com/shop:${'v'.repeat(129)}`,
  'r.example.com/shop@v1',
  'r.example.com/shop@sha256:abc',
  'r.example.com//shop:v1',
  '-r.example.com/shop:v1',
  'shop:v1\n',
])('%s is none', (image) => {
  expect(isImage(image)).toBe(false);
});
