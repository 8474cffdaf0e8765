import { describe, expect, test } from 'vitest';
import type { Subject } from '../../../src/api/plot/picture.ts';
import { renderSvg } from '../../../src/api/plot/render.ts';
import type { Analysis } from '../../../src/process/analyses.ts';
import type { MeasurementOutcome, Point } from '../../../src/process/outcomes.ts';
import { at } from '../../support/incidents.ts';
import { readXml } from '../../support/xml.ts';

type Measure = Analysis['measures'][number];

const measure = (points: Point[], over: Partial<Measure> = {}): Measure => ({
  name: 'error-rate',
  adapter: 'prometheus',
  outcome: 'passed',
  summary: 'The value 0.01 is not above 0.05.',
  counts: { passed: points.length, failed: 0, inconclusive: 0, error: 0 },
  points,
  thresholds: [],
  ...over,
});

const analysis = (measures: Measure[], over: Partial<Analysis> = {}): Analysis => ({
  number: 1,
  attempt: 2,
  environment: 'production',
  after: 'deploy',
  state: 'finished',
  outcome: 'passed',
  startedAt: at(10),
  finishedAt: at(20),
  changes: [
    {
      action: 'deploy',
      environment: 'production',
      ref: 'v42',
      attempt: 2,
      startedAt: at(8),
      finishedAt: at(10),
      outcome: 'succeeded',
    },
  ],
  measures,
  ...over,
});

const subject = (one?: Analysis, over: Partial<Subject> = {}): Subject => ({
  title: 'Checkout is down',
  service: 'shop',
  stale: false,
  analysis: one,
  ...over,
});

const draw = (one?: Analysis, width = 960, over: Partial<Subject> = {}) =>
  readXml(renderSvg(subject(one, over), width));

const steady: Point[] = Array.from({ length: 20 }, (_, index) => [
  index * 30_000,
  0.01 + (index % 3) / 1000,
  'passed',
]);

/** The paths of the curve: a line begins anew (`M`) after each gap. */
const curvesOf = ({ elements }: ReturnType<typeof draw>) =>
  elements.find(
    ({ name, attributes }) => name === 'path' && attributes['stroke-linejoin'] === 'bevel',
  )?.attributes.d ?? '';

describe('the plot', () => {
  test('says service, attempt, outcome, times in UTC, and what was deployed', () => {
    const { text } = draw(analysis([measure(steady)]));
    for (const words of [
      'shop, attempt 2',
      '● passed',
      'production, after the deploy · Checkout is down',
      '2026-11-24, times in UTC',
      'measured 03:10:00–03:20:00',
      'deployed v42 03:10:00',
      '03:14',
    ]) {
      expect(text).toContain(words);
    }
  });

  test('draws thresholds and the baseline, with their values and the unit of the name', () => {
    const one = measure(steady, {
      name: 'p99_seconds',
      thresholds: [
        { label: 'fails above 0.05', value: 0.05, kind: 'failure' },
        { label: 'baseline before the impact', value: 0.0123, kind: 'baseline' },
      ],
    });
    const { text, elements } = draw(analysis([one]));
    expect(text).toContain('fails above 0.05');
    expect(text).toContain('baseline before the impact: 0.0123 s');
    expect(text).toContain('0.04 s');
    const dashes = elements.map(({ attributes }) => attributes['stroke-dasharray']).filter(Boolean);
    // Each once beside its words and once in the plot.
    expect(dashes.filter((dash) => dash === '7,4')).toHaveLength(2);
    expect(dashes.filter((dash) => dash === '1,4')).toHaveLength(2);
  });

  test('the value of a probe is its latency', () => {
    expect(draw(analysis([measure(steady, { adapter: 'http' })])).text).toContain('0.012 ms');
  });

  test('a few seconds fill it', () => {
    const points = Array.from({ length: 7 }, (_, second): Point => [second * 1_000, 1, 'passed']);
    const { text } = draw(analysis([measure(points)], { finishedAt: null, changes: [] }));
    expect(text).toContain('03:10:06');
    expect(text).not.toContain('03:10:30');
  });

  test('gives every outcome a shape of its own, at its value or on the strip without one', () => {
    const outcomes: MeasurementOutcome[] = ['passed', 'failed', 'inconclusive', 'error'];
    const shapesOf = (outcome: MeasurementOutcome) => {
      const points: Point[] = [
        [0, null, outcome],
        [60_000, 5, outcome],
      ];
      const { elements } = draw(analysis([measure(points)]));
      const drawn = elements.filter(
        ({ attributes }) => attributes.ecmeta_series_index !== undefined,
      );
      const shapes = drawn.filter(({ attributes }) => !attributes['stroke-dasharray']);
      return new Set(shapes.map(({ attributes }) => attributes.d).filter((d) => d?.endsWith('Z')));
    };
    const all = outcomes.map((outcome) => [...shapesOf(outcome)].join(' '));
    expect(new Set(all).size).toBe(outcomes.length);
    expect(draw(analysis([measure([[0, null, 'error']])])).text).toContain('no value');
    expect(draw(analysis([measure([[0, 1, 'error']])])).text).not.toContain('no value');
  });

  test('breaks the line where there was no value, and where nobody measured', () => {
    expect(curvesOf(draw(analysis([measure(steady)]))).match(/M/g)).toHaveLength(1);
    const withNull = steady.with(7, [210_000, null, 'inconclusive']);
    expect(curvesOf(draw(analysis([measure(withNull)]))).match(/M/g)).toHaveLength(2);
    const withPause = steady.filter((_, index) => index < 4 || index > 12);
    expect(curvesOf(draw(analysis([measure(withPause)]))).match(/M/g)).toHaveLength(2);
  });

  test('does not take for a gap what was thinned out', () => {
    const old = Array.from({ length: 40 }, (_, index): Point => [index * 61_000, 1, 'passed']);
    const recent = Array.from(
      { length: 190 },
      (_, index): Point => [2_400_000 + index * 10_000, 1, 'passed'],
    );
    expect(curvesOf(draw(analysis([measure([...old, ...recent])]))).match(/M/g)).toHaveLength(1);
  });

  test('shows a rollback after it, and one that it is about', () => {
    const rollback = {
      action: 'rollback',
      environment: 'production',
      ref: 'v42',
      attempt: 2,
      startedAt: at(21),
      finishedAt: at(22),
      outcome: 'succeeded',
    } as const;
    const { changes } = analysis([]);
    const later = analysis([measure(steady)], { changes: [...changes, rollback] });
    expect(draw(later).text).toContain('rollback of v42 03:21:00');
    const before = { ...rollback, startedAt: at(9), finishedAt: at(10) };
    const about = analysis([measure(steady)], { after: 'rollback', changes: [before] });
    expect(draw(about).text).toContain('took v42 back 03:10:00');
  });

  test.each([
    ['nothing at all', undefined, 'Nothing has been measured'],
    ['no measure', analysis([], { state: 'cutShort', outcome: null }), 'Cut short'],
    ['no point yet', analysis([measure([], { outcome: null })]), 'Not measured yet.'],
    ['one point', analysis([measure([[0, 0.02, 'passed']])]), 'error-rate: passed'],
    ['one that is zero', analysis([measure([[0, 0, 'passed']])]), 'error-rate: passed'],
    ['only below zero', analysis([measure([[0, -3, 'failed']])]), '-3'],
    ['no value anywhere', analysis([measure([[0, null, 'error']])]), 'no value'],
    ['huge values', analysis([measure([[0, 1.7e308, 'passed']])]), 'error-rate'],
    [
      'a day and more',
      analysis([
        measure([
          [0, 1, 'passed'],
          [2e8, 1, 'passed'],
        ]),
      ]),
      '11-25 ',
    ],
  ])('is sensible with %s', (_, one, words) => {
    for (const width of [390, 960]) {
      const { text, elements } = draw(one, width);
      expect(text).toContain(words);
      expect(elements[0]).toMatchObject({ name: 'svg', attributes: { width: String(width) } });
      expect(JSON.stringify(elements)).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test('says what it is, while it runs and while no worker answers', () => {
    const running = analysis([measure(steady)], {
      state: 'running',
      outcome: null,
      finishedAt: null,
    });
    const { text } = draw(running, 960, { stale: true });
    expect(text).toContain('Measuring');
    expect(text).toContain('measuring since 03:10:00');
    expect(text).toContain('As last known: no worker answers now.');
  });

  test('text by people stays text', () => {
    const evil = '<script>alert(1)</script>]]>&{a|b}"\u0000\uFFFF\uD800\u202E<!--';
    const one = measure([[0, 5, 'passed']], {
      name: evil,
      summary: evil,
      thresholds: [{ label: evil, value: 7, kind: 'failure' }],
    });
    const changes = analysis([]).changes.map((change) => ({ ...change, ref: evil }));
    const svg = renderSvg(
      subject(analysis([one], { changes }), { title: evil, service: evil }),
      2_000,
    );
    const { elements, text } = readXml(svg);
    const names = new Set(elements.map(({ name }) => name));
    for (const name of names) {
      expect([
        'clipPath',
        'defs',
        'g',
        'path',
        'polygon',
        'rect',
        'style',
        'svg',
        'text',
      ]).toContain(name);
    }
    expect(elements.flatMap(({ attributes }) => Object.keys(attributes))).not.toContain('href');
    expect(text.split('<script>alert(1)</script>]]>&{a|b}"<!--').length).toBeGreaterThan(6);
  });
});
