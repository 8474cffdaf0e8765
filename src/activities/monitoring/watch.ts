import { Context } from '@temporalio/activity';
import { z } from 'zod';
import {
  addMeasurement,
  concludeMeasure,
  concludeWindow,
  decided,
  emptyTally,
  type Measurement,
  type Tally,
} from '../../process/measurements.ts';
import type { MeasureResult, MonitorResult } from '../../process/outcomes.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../failures.ts';
import { type Heart, withHeartbeat } from '../heartbeat.ts';
import type { MonitorRequest } from '../types.ts';
import type { Measure, Monitoring } from './types.ts';

const count = z.int().min(0);

const progressSchema = z.object({
  startedAt: z.iso.datetime(),
  tallies: z.record(
    z.string(),
    z.object({
      counts: z.object({ passed: count, failed: count, inconclusive: count, error: count }),
      errorsInARow: count,
      last: z.string(),
      firstFailure: z.string().optional(),
    }),
  ),
});
/** What the heartbeats carry, so that a retried activity goes on with its window. */
type Progress = z.infer<typeof progressSchema>;

/**
 * Measures over the window and concludes. It ends early when a measure has failed, or when no
 * measure can be made any more.
 */
export async function watch(
  { window, measures }: Monitoring,
  request: MonitorRequest,
  clock: Clock,
): Promise<MonitorResult> {
  const { cancellationSignal: signal, info } = Context.current();
  const held = progressSchema.safeParse(info.heartbeatDetails).data;
  const begun: Progress = held ?? { startedAt: clock.now().toISOString(), tallies: {} };
  return await withHeartbeat(begun, async (heart) => {
    heart.set(begun);
    const end = Date.parse(begun.startedAt) + window;
    let due: readonly Measure[] = undecided(measures, begun);
    for (;;) {
      await measureAll(due, request, signal, heart);
      const next = nextRound(measures, heart.details, clock.now().getTime(), end);
      if (!next) return conclude(measures, heart.details, clock);
      await clock.sleep(next.at - clock.now().getTime(), signal);
      due = next.due;
    }
  });
}

/** Side by side; what one of them shows is kept as soon as it is there. */
async function measureAll(
  due: readonly Measure[],
  request: MonitorRequest,
  signal: AbortSignal,
  heart: Heart<Progress>,
): Promise<void> {
  const keep = (measure: Measure, measurement: Measurement) => {
    const { startedAt, tallies } = heart.details;
    const tally = addMeasurement(tallyOf(heart.details, measure), measurement);
    heart.set({ startedAt, tallies: { ...tallies, [measure.name]: tally } });
  };
  await Promise.all(
    due.map(async (measure) => keep(measure, await measureOnce(measure, request, signal))),
  );
}

async function measureOnce(
  measure: Measure,
  request: MonitorRequest,
  signal: AbortSignal,
): Promise<Measurement> {
  try {
    return await measure.measure(request, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { outcome: 'error', summary: messageOf(error) };
  }
}

/**
 * Which measures are due next, and when (milliseconds). Each is due at whole intervals from the
 * window's start, so that a slow measurement or a pause of the worker delays one and not all that
 * follow. Undefined when the window is over or nothing can change its outcome.
 */
function nextRound(
  measures: readonly Measure[],
  progress: Progress,
  now: number,
  end: number,
): { at: number; due: Measure[] } | undefined {
  if (measures.some((measure) => decisionOf(measure, progress) === 'failed')) return undefined;
  const start = Date.parse(progress.startedAt);
  const times = undecided(measures, progress).map((measure) => ({
    measure,
    at: nextTime(start, measure.interval, now),
  }));
  const at = Math.min(...times.map((time) => time.at));
  if (at > end) return undefined;
  return { at, due: times.filter((time) => time.at === at).map(({ measure }) => measure) };
}

const decisionOf = (measure: Measure, progress: Progress) =>
  decided(tallyOf(progress, measure), measure.failureLimit);

const undecided = (measures: readonly Measure[], progress: Progress): Measure[] =>
  measures.filter((measure) => decisionOf(measure, progress) === undefined);

const nextTime = (start: number, interval: number, now: number): number =>
  start + (Math.floor((now - start) / interval) + 1) * interval;

function conclude(measures: readonly Measure[], progress: Progress, clock: Clock): MonitorResult {
  const results = measures.map((measure) => toResult(measure, tallyOf(progress, measure)));
  return {
    outcome: concludeWindow(results.map(({ outcome }) => outcome)),
    measures: results,
    startedAt: progress.startedAt,
    finishedAt: clock.now().toISOString(),
  };
}

function toResult({ name, adapter, failureLimit }: Measure, tally: Tally): MeasureResult {
  const outcome = concludeMeasure(tally, failureLimit);
  const summary = (outcome === 'failed' && tally.firstFailure) || tally.last;
  return { name, adapter, outcome, summary, counts: tally.counts, points: [], thresholds: [] };
}

const tallyOf = ({ tallies }: Progress, { name }: Measure): Tally => tallies[name] ?? emptyTally;
