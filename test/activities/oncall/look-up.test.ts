import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { permanent, transient } from '../../../src/activities/failures.ts';
import { createOnCall } from '../../../src/activities/oncall/look-up.ts';
import { createOnCallStore } from '../../../src/activities/oncall/store.ts';
import type { OnCallAnswer, Rota } from '../../../src/activities/oncall/types.ts';
import { silent } from '../support.ts';

const begin = Date.parse('2026-01-05T12:00:00.000Z');
const minutes = (count: number) => new Date(begin + count * 60_000).toISOString();

const down = () => transient('Unreachable', 'The calendar of primary cannot be reached.');
const of = (...people: string[]): OnCallAnswer => ({ people, strangers: [] });

/** A rota that answers as it is told, call by call, and the last again and again. */
function scripted(...answers: (OnCallAnswer | Error)[]) {
  let calls = 0;
  const rota: Rota = {
    name: 'primary',
    async onCall() {
      const next = answers[Math.min(calls, answers.length - 1)];
      calls += 1;
      if (!next || next instanceof Error) throw next;
      return next;
    },
  };
  return { rota, calls: () => calls };
}

function folder(): string {
  const place = mkdtempSync(path.join(tmpdir(), 'hotfix-oncall-'));
  onTestFinished(() => rmSync(place, { recursive: true }));
  return place;
}

/** Looks into the rota from a process of its own, whose clock is so many minutes later. */
function worker(rota: Rota | undefined, directory: string, later = 0, people = ['ana', 'ben']) {
  const clock = { minutes: later };
  const onCall = createOnCall({
    rotas: rota ? [rota] : [],
    store: createOnCallStore(directory),
    people,
    now: () => new Date(minutes(clock.minutes)),
    logger: silent,
  });
  const find = async (known: { people: string[]; asOf: string } | null = null) =>
    (await onCall.find({ primary: known }, new AbortController().signal))[0];
  return { onCall, clock, find };
}

describe('a rota that answers', () => {
  test('is live, and kept', async () => {
    const place = folder();
    const { rota } = scripted(of('ana'));
    expect(await worker(rota, place).find()).toEqual({
      ...{ rota: 'primary', people: ['ana'], asOf: minutes(0), source: 'live' },
    });
    expect(readdirSync(path.join(place, 'oncall'))).toEqual(['primary.json']);
    expect(JSON.parse(readFileSync(path.join(place, 'oncall/primary.json'), 'utf8'))).toEqual({
      people: ['ana'],
      asOf: minutes(0),
    });
  });

  test('with nobody has answered: an older answer is no better', async () => {
    const place = folder();
    await worker(scripted(of('ana')).rota, place).find();
    const found = await worker(scripted(of()).rota, place, 5).find();
    expect(found).toEqual({ rota: 'primary', people: [], asOf: minutes(5), source: 'live' });
  });

  test('also with somebody whom nobody here knows: that is told', async () => {
    const { rota } = scripted({ people: ['ana'], strangers: ['Zoe (PZOE003)'] });
    expect(await worker(rota, folder()).find()).toMatchObject({
      people: ['ana'],
      source: 'live',
      problem: expect.stringContaining(
        'It has Zoe (PZOE003) on call, too, not among the people of',
      ),
    });
  });

  test('also where some of it cannot be read: the first of that is told', async () => {
    const problems = ['one', 'two', 'three', 'four', 'five'];
    const { rota } = scripted({ ...of('ana'), problems });
    expect(await worker(rota, folder()).find()).toMatchObject({
      ...{ people: ['ana'], source: 'live' },
      problem: 'Elsewhere in it, one; two; three; and 2 more.',
    });
  });

  test('is asked once by all who ask in one moment, and again in the next', async () => {
    const { rota, calls } = scripted(of('ana'), of('ben'));
    const { find, clock } = worker(rota, folder());
    const all = await Promise.all(Array.from({ length: 50 }, () => find()));
    expect(new Set(all.map((one) => one?.people.join()))).toEqual(new Set(['ana']));
    expect(calls()).toBe(1);
    clock.minutes = 1;
    expect(await find()).toMatchObject({ people: ['ben'] });
    expect(calls()).toBe(2);
  });

  test('that cannot be kept is an answer nevertheless', async () => {
    const file = path.join(folder(), 'file');
    writeFileSync(file, '');
    expect(await worker(scripted(of('ana')).rota, file).find()).toMatchObject({ source: 'live' });
  });
});

describe('a rota that does not answer', () => {
  test('for a moment is asked again', async () => {
    const { rota, calls } = scripted(down(), of('ana'));
    expect(await worker(rota, folder()).find()).toMatchObject({ source: 'live', people: ['ana'] });
    expect(calls()).toBe(2);
  });

  test.each([
    ['hangs', transient('TimedOut', 'No answer within 5 s.')],
    ['asks to wait', transient('Busy', 'It is busy.', 20_000)],
    ['refuses', permanent('Unauthorized', 'Check the token.')],
  ])('and %s is asked once: people are still to be told', async (_, failure) => {
    const { rota, calls } = scripted(failure);
    expect(await worker(rota, folder()).find()).toEqual({
      ...{ rota: 'primary', people: [], asOf: minutes(0), source: 'none' },
      problem: failure.message,
    });
    expect(calls()).toBe(1);
  });

  test('is answered by what it said last, with its age, over a restart', async () => {
    const place = folder();
    await worker(scripted(of('ana')).rota, place).find();
    expect(await worker(scripted(down()).rota, place, 90).find()).toEqual({
      ...{ rota: 'primary', people: ['ana'], asOf: minutes(0), source: 'lastGood' },
      problem: 'The calendar of primary cannot be reached.',
    });
  });

  test('is answered by what the incident remembers, where that is newer or all there is', async () => {
    const place = folder();
    await worker(scripted(of('ana')).rota, place, 10).find();
    const { find } = worker(scripted(down()).rota, place, 90);
    const memory = (at: number) => ({ people: ['ben'], asOf: minutes(at) });
    expect(await find(memory(20))).toMatchObject({ people: ['ben'], asOf: minutes(20) });
    expect(await find(memory(5))).toMatchObject({ people: ['ana'], asOf: minutes(10) });
    const other = worker(scripted(down()).rota, folder(), 90);
    expect(await other.find(memory(5))).toMatchObject({ people: ['ben'], source: 'lastGood' });
  });

  test('and names only strangers counts as one that does not answer', async () => {
    const place = folder();
    await worker(scripted(of('ana')).rota, place).find();
    const { rota } = scripted({ people: [], strangers: ['Zoe'] });
    expect(await worker(rota, place, 1).find()).toMatchObject({
      ...{ people: ['ana'], source: 'lastGood' },
      problem: expect.stringContaining('primary has only Zoe on call now'),
    });
  });

  test('because it is no longer configured says so', async () => {
    expect(await worker(undefined, folder()).find()).toMatchObject({
      source: 'none',
      problem: 'The rota primary is no longer in hotfix.yaml: add it again.',
    });
  });

  test('is not answered by people who have left', async () => {
    const place = folder();
    await worker(scripted(of('ana', 'ben')).rota, place).find();
    const found = await worker(scripted(down()).rota, place, 1, ['ben']).find();
    expect(found?.people).toEqual(['ben']);
  });

  test.each(['', '{', '{"people":"ana"}', '[]'])(
    'has no last answer where the file holds %j',
    async (text) => {
      const place = folder();
      mkdirSync(path.join(place, 'oncall'));
      writeFileSync(path.join(place, 'oncall/primary.json'), text);
      expect(await worker(scripted(down()).rota, place).find()).toMatchObject({ source: 'none' });
    },
  );
});

test('whoever breaks off waits no longer', async () => {
  const rota: Rota = { name: 'primary', onCall: () => new Promise(() => {}) };
  const { onCall } = worker(rota, folder());
  const controller = new AbortController();
  const found = onCall.find({ primary: null }, controller.signal);
  controller.abort(new Error('broken off'));
  await expect(found).rejects.toThrow('broken off');
});
