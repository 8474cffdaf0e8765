import { z } from 'zod';
import { type Baselines, baselineWindows } from '../../process/conditions.ts';
import type { MeasurementOutcome, MonitorProgress, Point } from '../../process/outcomes.ts';
import { thinOut } from '../../process/points.ts';
import type { Measurement } from '../../process/samples.ts';
import { noMoment } from '../../process/schedule.ts';
import { addMeasurement, decided, emptyTally, type Tally } from '../../process/tally.ts';
import type { Measure } from './types.ts';

/** What is known of one measure. */
export interface Standing {
  tally: Tally;
  /** Null while it is open. */
  outcome: MeasurementOutcome | null;
  points: Point[];
  /** The number of the last moment that was measured. */
  moment: number;
  baselines: Baselines;
}

export const emptyStanding: Standing = {
  tally: emptyTally,
  outcome: null,
  points: [],
  moment: noMoment,
  baselines: {},
};

/** So many points of a measure travel with the heartbeats at most, and are left of them then. */
const mostPoints = 240;
const pointsKept = 120;

/** The points as the result keeps them. */
export const thinnedOut = (points: readonly Point[]): Point[] => thinOut(points, pointsKept);

/** The standing after one more measurement, `offset` milliseconds after the analysis began. */
export function addTo(
  standing: Standing,
  { limits }: Measure,
  measurement: Measurement,
  { moment, offset }: { moment: number; offset: number },
): Standing {
  const tally = addMeasurement(standing.tally, measurement);
  const points: Point[] = [...standing.points, [offset, measurement.value, measurement.outcome]];
  return {
    ...standing,
    tally,
    outcome: decided(tally, limits),
    points: points.length > mostPoints ? thinnedOut(points) : points,
    moment,
  };
}

const count = z.int().min(0);
const outcome = z.enum(['passed', 'failed', 'inconclusive', 'error']);
const detailsSchema = z.object({
  startedAt: z.iso.datetime(),
  /** By the time of the server, which is the same for every worker; in milliseconds. */
  begunAt: z.number().optional(),
  measures: z.array(
    z.object({
      name: z.string(),
      adapter: z.string(),
      outcome: outcome.nullable(),
      summary: z.string(),
      counts: z.object({ passed: count, failed: count, inconclusive: count, error: count }),
      points: z.array(z.tuple([z.number(), z.number().nullable(), outcome])),
      thresholds: z.array(
        z.object({
          label: z.string(),
          value: z.number(),
          kind: z.enum(['success', 'failure', 'baseline']),
        }),
      ),
    }),
  ),
  memory: z.record(
    z.string(),
    z.object({
      moment: z.int().min(noMoment),
      errorsInARow: count,
      firstFailure: z.string().optional(),
      baselines: z.partialRecord(z.enum(baselineWindows), z.number().nullable()),
    }),
  ),
});
/** What the heartbeats carry: what people are shown, and by measure what a retry needs besides. */
export type Details = z.infer<typeof detailsSchema> & MonitorProgress;

export type Standings = ReadonlyMap<string, Standing>;

export const standingOf = (standings: Standings, { name }: Measure): Standing =>
  standings.get(name) ?? emptyStanding;

export function detailsOf(
  begin: Pick<Details, 'startedAt' | 'begunAt'>,
  measures: readonly Measure[],
  standings: Standings,
): Details {
  const memory: Details['memory'] = {};
  for (const measure of measures) {
    const { moment, tally, baselines } = standingOf(standings, measure);
    const { errorsInARow, firstFailure } = tally;
    memory[measure.name] = { moment, errorsInARow, firstFailure, baselines };
  }
  return { ...begin, measures: measures.map((one) => shownOf(one, standings)), memory };
}

/** A measure as people see it while it is open. */
export function shownOf(
  measure: Measure,
  standings: Standings,
): MonitorProgress['measures'][number] {
  const { tally, outcome, points, baselines } = standingOf(standings, measure);
  const { name, adapter } = measure;
  const summary = (outcome === 'failed' && tally.firstFailure) || tally.last;
  const thresholds = measure.thresholds(baselines);
  return { name, adapter, outcome, summary, counts: tally.counts, points, thresholds };
}

/** What an earlier attempt has left in its heartbeats; undefined where that is nothing to go on from. */
export function heldIn(
  details: unknown,
): { startedAt: string; begunAt: number; standings: Standings } | undefined {
  const held = detailsSchema.safeParse(details).data;
  if (!held) return undefined;
  const standings = held.measures.flatMap(({ name, outcome, summary, counts, points }) => {
    const memory = held.memory[name];
    if (!memory) return [];
    const { moment, errorsInARow, firstFailure, baselines } = memory;
    const tally = { counts, errorsInARow, last: summary, firstFailure };
    return [[name, { tally, outcome, points, moment, baselines }] as const];
  });
  // A worker of the version before stamped by its own clock alone.
  const { startedAt, begunAt = Date.parse(startedAt) } = held;
  return { startedAt, begunAt, standings: new Map(standings) };
}
