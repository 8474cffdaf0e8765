import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import type { MeasureResult, MonitorResult } from '../../process/outcomes.ts';
import { concludeMeasure, isDecided, worstOf } from '../../process/tally.ts';
import { type Clock, serverTime } from '../clock.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { MonitorRequest } from '../types.ts';
import { follow } from './follow.ts';
import {
  detailsOf,
  heldIn,
  type Standing,
  type Standings,
  shownOf,
  standingOf,
  thinnedOut,
} from './progress.ts';
import type { Measure, Monitoring } from './types.ts';

/**
 * Measures over the soak and concludes. Each measure goes by its own clock, so that a slow one holds
 * up no other. A retried attempt goes on with the same window and with what was found before. It
 * ends early when nothing can change the outcome any more.
 */
export async function watch(
  { soak, measures }: Monitoring,
  request: MonitorRequest,
  clock: Clock,
): Promise<MonitorResult> {
  const { cancellationSignal, info } = Context.current();
  const held = heldIn(info.heartbeatDetails);
  const serverNow = serverTime(clock);
  const {
    startedAt = clock.now().toISOString(),
    begunAt = serverNow(),
    standings: known,
  } = held ?? {};
  const standings = new Map(known);
  const details = () => detailsOf({ startedAt, begunAt }, measures, standings);
  const decision = new AbortController();
  const endWhenDecided = () => {
    const outcomes = measures.map((measure) => standingOf(standings, measure).outcome);
    if (isDecided(outcomes)) decision.abort();
  };
  const signal = AbortSignal.any([cancellationSignal, decision.signal]);
  // Every measure listens to it.
  setMaxListeners(0, signal);
  const elapsed = () => Math.max(0, serverNow() - begunAt);
  const analysis = { request, soak, sleep: clock.sleep, elapsed, signal };
  const ends = await withHeartbeat(details(), async (heart) => {
    const settle = (measure: Measure) => (standing: Standing) => {
      standings.set(measure.name, standing);
      heart.set(details());
      endWhenDecided();
    };
    heart.set(details());
    endWhenDecided();
    return await Promise.allSettled(
      measures.map((measure) =>
        follow(measure, standingOf(standings, measure), analysis, settle(measure)),
      ),
    );
  });
  cancellationSignal.throwIfAborted();
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken && !decision.signal.aborted) throw broken.reason;
  return conclude(startedAt, measures, standings, clock);
}

function conclude(
  startedAt: string,
  measures: readonly Measure[],
  standings: Standings,
  clock: Clock,
): MonitorResult {
  const results = measures.map((measure) => resultOf(measure, standings));
  return {
    outcome: worstOf(results.map(({ outcome }) => outcome)),
    measures: results,
    startedAt,
    finishedAt: clock.now().toISOString(),
  };
}

/** Also of a measure that was still open when another one decided the analysis. */
function resultOf(measure: Measure, standings: Standings): MeasureResult {
  const { tally } = standingOf(standings, measure);
  const shown = shownOf(measure, standings);
  return {
    ...shown,
    outcome: shown.outcome ?? concludeMeasure(tally, measure.limits),
    summary: shown.summary || 'It was not measured: the analysis was decided before.',
    points: thinnedOut(shown.points),
  };
}
