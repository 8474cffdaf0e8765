import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { handle, type Incident, type Message, restore } from '../../src/process/decide.ts';
import { policySchema } from '../../src/process/policy.ts';
import { bytesOf, roomForPayload, roomForRepetition, within } from '../../src/process/room.ts';
import { parseSignal } from '../../src/process/signals.ts';
import { viewOf } from '../../src/process/view.ts';
import { at, bodies, deployed, rawSignal, Story, signal } from '../support/incidents.ts';

/** Characters of one to four bytes, those that JSON escapes, and half a surrogate pair. */
const character = fc.constantFrom('x', 'é', '急', '🔥', '"', '\u0001', '\ud83d');
const text = (length: number) => character.map((one) => one.repeat(length).slice(0, length));

const flood: fc.Arbitrary<(story: Story, count: number) => void> = fc.oneof(
  text(4_000).map((words) => (story: Story) => void story.say('commented', { text: words })),
  text(2_000).map(
    (words) => (story: Story) => void story.hear(rawSignal(words.slice(0, 90), { [words]: words })),
  ),
  text(300_000).map((words) => (story: Story) => void story.hear(rawSignal('commented', words))),
  fc.constant((story: Story, count: number) => {
    story.hear({ kind: 'clock' }, count);
    const { id, askedSeq } = story.state;
    const delivery = { notification: `${id}-${askedSeq}`, channel: 'mail', to: ['a'.repeat(500)] };
    story.hear({ kind: 'notified', deliveries: [{ ...delivery, outcome: 'delivered' }] }, count);
  }),
  text(50_000).map(
    (words) => (story: Story) =>
      void story.hear({ kind: 'activityFailed', activity: 'preflight', reason: words }),
  ),
  text(1_000_000).map(
    (words) => (story: Story) =>
      void story.hear({
        kind: 'deployQueueChanged',
        queue: { environment: 'production', holder: null, waiting: [party(words)] },
      }),
  ),
);

const party = (words: string) => ({ incidentId: words, ref: words, since: at(0) });

/** The longest that people may say at the end. */
const atLength = (words: string) => ({
  incidentReviewed: { whatHappened: words, summary: words, rootCause: words },
  preventionPlanned: {
    prevention: Array.from({ length: 30 }, () => words.slice(0, 1_000)),
    improvements: Array.from({ length: 30 }, () => words.slice(0, 1_000)),
    lessons: Array.from({ length: 30 }, () => words.slice(0, 1_000)),
  },
});

describe('whatever floods an incident, its end fits where it travels', () => {
  test('random text, refusals, reminders and failures', () => {
    fc.assert(
      fc.property(fc.array(flood, { minLength: 1, maxLength: 3 }), text(8_000), (floods, words) => {
        const story = new Story().until('quickFix');
        for (let count = 0; count < 700; count += 1) floods[count % floods.length]?.(story, count);
        expectToTravel(story.incident);
        story.say('fixReady').say('sanityChecked').say('securityChecked');
        story.deploy().say('systemVerified').say('quickVerified');
        const { incidentReviewed, preventionPlanned } = atLength(words.replace('\ud83d', 'x'));
        story.say('incidentReviewed', incidentReviewed).say('preventionPlanned', preventionPlanned);
        fileFollowUps(story);
        story.say('checklistItemDone', { item: 'testsAdded' });
        story.say('checklistItemDone', { item: 'monitoringImproved' });
        expect(story.state.status).toBe('closed');
        expectToTravel(story.incident);
      }),
      { numRuns: 5 },
    );
  });

  test('the proper fix is on record, however long the list of tasks and their titles', () => {
    const titles = Array.from({ length: 30 }, () => '\u0001'.repeat(1_000));
    const planned = { prevention: titles, improvements: titles, lessons: ['Once.'] };
    const story = new Story().until('postMortem').say('preventionPlanned', planned);
    fileFollowUps(story);
    expect(story.state.checklist.properFixFollowUp).toMatchObject({ evidence: 'F-0' });
    expect(story.state.followUps).toHaveLength(61);
  });

  test('sixty ways back', () => {
    const words = '急'.repeat(2_000);
    const story = new Story().until('quickFix');
    for (let attempt = 1; attempt <= 60; attempt += 1) {
      story.say('fixReady', { summary: words });
      story.say('sanityChecked', { note: words }).say('securityChecked', { note: words });
      story.say('deployAuthorized', { note: words });
      const place = { environment: 'production' as const, ref: 'v42' };
      const result = { ...deployed('failed'), output: words.repeat(4), summary: words };
      story.hear({ kind: 'deployStarted', ...place });
      story.hear({ kind: 'deployFinished', ...place, result });
    }
    expect(story.state.attempt).toBe(61);
    expectToTravel(story.incident);
  });
});

function fileFollowUps(story: Story): void {
  const planned = story.state.completed.preventionPlanned;
  const titles = ['fix', ...(planned?.prevention ?? []), ...(planned?.improvements ?? [])];
  const tasks = titles.map((title, index) => ({
    ...{ key: `k${index}`, id: `F-${index}`, tracker: 'incident', incidentId: 'abc123' },
    ...{ service: 'shop', title, description: title },
    kind: index === 0 ? ('properFix' as const) : ('prevention' as const),
  }));
  story.hear({ kind: 'followUpsFiled', tasks });
}

/** What the workflow carries, and what it returns. */
function expectToTravel({ state, timeline }: Incident): void {
  const view = within(viewOf(state), roomForPayload - bytesOf(timeline));
  expect(bytesOf({ timeline, incident: view })).toBeLessThan(2_000_000);
  expect(state.size).toBe(timeline.reduce((sum, event) => sum + bytesOf(event), 0));
  const seqs = timeline.map(({ seq }) => seq);
  expect(seqs.toSorted((one, other) => one - other)).toEqual(seqs);
  expect(new Set(seqs).size).toBe(seqs.length);
  // What carries on in a new history stands where it stood.
  const { waits: _waits, ...again } = restore(timeline).state;
  const { waits: _before, ...before } = state;
  expect({ ...again, onCall: null }).toEqual({ ...before, onCall: null });
}

describe('a full timeline', () => {
  const full = (): Story => {
    const story = new Story().until('quickReview');
    while (story.state.size <= roomForRepetition) {
      story.say('commented', { text: '急'.repeat(4_000) });
    }
    return story;
  };

  test('only counts refusals, tells how many, and still gives each its verdict', () => {
    const story = full();
    const before = story.incident.timeline.length;
    for (let count = 0; count < 1_000; count += 1) story.say('incidentDeclared');
    const added = story.incident.timeline.slice(before);
    expect(added.map(({ data }) => data)).toEqual([1, 10, 100, 1_000].map((count) => ({ count })));
    expect(story.incident.counted.newest.at(-1)).toMatchObject({ code: 'wrong_phase' });
    expect(story.incident.counted.newest.length).toBeLessThanOrEqual(100);
  });

  test('a request that was only counted is not counted twice', () => {
    const story = full();
    const twice: Message = signal('commented', bodies.commented, { requestId: 'once' });
    story.hear(twice).hear(twice);
    expect(story.incident.counted.count).toBe(1);
  });

  test('folds what repeats, and says how often', () => {
    const policy = policySchema.parse({});
    const story = full();
    expect(policy.escalation.quickReview.levels.length).toBe(2);
    for (let count = 0; count < 100; count += 1) story.ring(15 + 5 * count);
    const told = story.incident.timeline.filter(({ type }) => type === 'escalated');
    expect(told.length).toBe(4);
    expect(told.at(-1)?.folded).toBe(96);
    expect(story.state.watch).toMatchObject({ level: 2, repeat: 98 });
  });
});

test('one malformed signal leaves no more than a short reason', () => {
  const huge = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`${index}-${'k'.repeat(60)}`, 1]),
  );
  const parsed = parseSignal('commented', { by: 'x', ...huge }, { at: at(0), requestId: 'r' });
  expect(parsed.ok ? '' : parsed.problem.length).toBeLessThanOrEqual(1_000);
  const { timeline } = handle(new Story().incident, rawSignal('commented', huge), at(0));
  expect(bytesOf(timeline.at(-1))).toBeLessThan(8_000);
});
