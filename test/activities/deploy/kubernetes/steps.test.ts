import { expect, test } from 'vitest';
import {
  recordStep,
  type Step,
  stepsIn,
} from '../../../../src/activities/deploy/kubernetes/steps.ts';

const step = (key: string): Step => ({ key, at: '2026-01-01T00:00:00.000Z', template: 'digest' });

test('steps are kept newest first, and the oldest are forgotten', () => {
  let annotations: Record<string, string> = {};
  for (let i = 1; i <= 7; i++) {
    annotations = recordStep(step(`key-${i}`), stepsIn({ annotations }));
  }
  expect(stepsIn({ annotations }).map(({ key }) => key)).toEqual(
    [7, 6, 5, 4, 3].map((i) => `key-${i}`),
  );
});

test('a step that is corrected is there once', () => {
  const first = recordStep(step('a'), []);
  const second = recordStep({ ...step('a'), template: 'other' }, stepsIn({ annotations: first }));
  expect(stepsIn({ annotations: second })).toEqual([{ ...step('a'), template: 'other' }]);
});

test.each(['', '{', '{}', '[{"key":1}]'])('an annotation that says %j tells of none', (text) => {
  expect(stepsIn({ annotations: { 'hotfix/steps': text } })).toEqual([]);
});
