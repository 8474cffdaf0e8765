import type { Baselines } from '../../process/conditions.ts';
import type { Measurement } from '../../process/samples.ts';
import {
  missedMoment,
  nextMoment,
  type Schedule,
  timeOf,
  waitAfterError,
} from '../../process/schedule.ts';
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
  let missed = missedMoment(schedule, standing.moment, elapsed());
  while (standing.outcome === null) {
    const next =
      missed === undefined
        ? nextLook(schedule, standing, elapsed())
        : { moment: missed, time: timeOf(schedule, missed) };
    missed = undefined;
    if (next === undefined) {
      standing = { ...standing, outcome: concludeMeasure(standing.tally, measure.limits) };
    } else {
      await sleep(Math.max(0, next.time - elapsed()), signal);
      const offset = Math.max(elapsed(), standing.points.at(-1)?.[0] ?? 0);
      const { measurement, baselines } = await look(measure, standing.baselines, analysis);
      standing = addTo({ ...standing, baselines }, measure, measurement, {
        moment: next.moment,
        offset,
      });
    }
    settle(standing);
  }
}

/** A moment, and when it is looked at, in milliseconds since the analysis began. */
interface Look {
  moment: number;
  time: number;
}

/** After an error it is looked at again before the next moment comes, so far as there is time. */
function nextLook(
  schedule: Schedule,
  { moment, tally, points }: Standing,
  elapsed: number,
): Look | undefined {
  const next = nextMoment(schedule, moment, elapsed);
  const regular = next === undefined ? undefined : { moment: next, time: timeOf(schedule, next) };
  if (tally.errorsInARow === 0) return regular;
  const time = (points.at(-1)?.[0] ?? elapsed) + waitAfterError(schedule.interval);
  if (time > schedule.end || (regular && regular.time <= time)) return regular;
  return { moment, time };
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
      return await measure.measure(baselines, own, request);
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
