import type { Baselines } from '../../process/conditions.ts';
import type { Measurement } from '../../process/samples.ts';
import { missedMoment, nextMoment, type Schedule, timeOf } from '../../process/schedule.ts';
import { concludeMeasure } from '../../process/tally.ts';
import type { Sleep } from '../clock.ts';
import { messageOf } from '../failures.ts';
import type { MonitorRequest } from '../types.ts';
import { addTo, type Standing } from './progress.ts';
import type { Measure } from './types.ts';

/** The analysis that a measure is part of. */
export interface Analysis {
  request: MonitorRequest;
  /** In milliseconds. */
  soak: number;
  sleep: Sleep;
  /** Milliseconds since it began. */
  elapsed: () => number;
  /** Aborts when it is cancelled, and when its outcome is decided. */
  signal: AbortSignal;
}

/**
 * One measure, from moment to moment until it is decided or its time is over; each standing that it
 * comes to is settled. Throws the signal's reason when the analysis is over before.
 */
export async function follow(
  measure: Measure,
  before: Standing,
  analysis: Analysis,
  settle: (standing: Standing) => void,
): Promise<void> {
  const { elapsed, sleep, signal } = analysis;
  const schedule = scheduleOf(measure, analysis.soak);
  let standing = before;
  let moment = missedMoment(schedule, standing.moment, elapsed());
  while (standing.outcome === null) {
    moment ??= nextMoment(schedule, standing.moment, elapsed());
    if (moment === undefined) {
      standing = { ...standing, outcome: concludeMeasure(standing.tally, measure.limits) };
    } else {
      await sleep(Math.max(0, timeOf(schedule, moment) - elapsed()), signal);
      const offset = Math.max(elapsed(), standing.points.at(-1)?.[0] ?? 0);
      const { measurement, baselines } = await look(measure, standing.baselines, analysis);
      standing = addTo({ ...standing, baselines }, measure, measurement, { moment, offset });
      moment = undefined;
    }
    settle(standing);
  }
}

const scheduleOf = ({ initialDelay, interval, duration }: Measure, soak: number): Schedule => ({
  initialDelay,
  interval,
  end: duration === undefined ? soak : Math.min(soak, initialDelay + duration),
});

/** Baselines that are not known yet are asked for first, once. */
async function look(
  measure: Measure,
  known: Baselines,
  { request, signal }: Analysis,
): Promise<{ measurement: Measurement; baselines: Baselines }> {
  let baselines = known;
  try {
    const measurement = await briefly(signal, async (own) => {
      for (const baseline of measure.baselines) {
        if (baselines[baseline.window] !== undefined) continue;
        baselines = { ...baselines, [baseline.window]: await baseline.ask(request, own) };
      }
      return await measure.measure(baselines, own);
    });
    return { measurement, baselines };
  } catch (error) {
    signal.throwIfAborted();
    const measurement = { outcome: 'error' as const, value: null, summary: messageOf(error) };
    return { measurement, baselines };
  }
}

/**
 * Gives the work a signal of its own: what is derived from a signal lives as long as it does, and an
 * analysis takes thousands of measurements.
 */
async function briefly<T>(signal: AbortSignal, work: (own: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const own = new AbortController();
  const abort = () => own.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await work(own.signal);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
