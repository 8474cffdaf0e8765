import { z } from 'zod';
import { measureFields, soak } from '../../activities/monitoring/config.ts';
import { windowOf } from '../../activities/monitoring/promql-window.ts';
import { conditionSchema } from '../../process/conditions.ts';
import { cannotHold, implies } from '../../process/contradictions.ts';
import { spell } from '../../process/duration.ts';
import { waitAfterError } from '../../process/schedule.ts';
import type { Finding, Path } from '../problems.ts';
import { valueAt } from '../sentences.ts';
import { select } from './select.ts';

/** What is not understood is told by the schema; the rest is checked without it. */
const soFarAs = <S extends z.ZodType>(schema: S) => schema.optional().catch(undefined);

const { interval, initialDelay, count, duration } = measureFields;
const { failureLimit, inconclusiveLimit, consecutiveErrorLimit } = measureFields;

/** The parts of a measure that must fit together. */
const partsSchema = z.object({
  adapter: soFarAs(z.string()),
  query: soFarAs(z.string()),
  interval: soFarAs(interval),
  initialDelay: soFarAs(initialDelay),
  count: soFarAs(count),
  duration: soFarAs(duration),
  failureLimit: soFarAs(failureLimit),
  inconclusiveLimit: soFarAs(inconclusiveLimit),
  consecutiveErrorLimit: soFarAs(consecutiveErrorLimit),
  success: soFarAs(conditionSchema),
  failure: soFarAs(conditionSchema),
});
type Parts = z.infer<typeof partsSchema>;

/** Of one measure: what is wrong, and at which of its keys. */
type Told = [key: keyof Parts, sentence: string][];

/** Measures that could never pass or never fail, or that have no time to measure in. */
export const checkMeasures = (data: unknown): Finding[] =>
  select(data, 'services.*.monitoring.*').flatMap(({ path, value }) => {
    const watched = soFarAs(soak).parse(valueAt(value, ['soak']));
    return select(value, 'measures.*').flatMap((measure) => {
      const parts = partsSchema.safeParse(measure.value).data;
      if (!parts) return [];
      const told = [
        ...conditionsOf(parts, measure.value),
        ...amountsOf(parts, measure.value),
        ...windowsOf(parts),
        ...(watched === undefined ? [] : timesOf(parts, watched)),
        ...(watched === undefined ? [] : limitsOf(parts, watched, measure.value)),
      ];
      return told.map(([key, sentence]) => ({
        path: placeOf([...path, ...measure.path], key, measure.value),
        sentence,
      }));
    });
  });

/** What is not written, or only by its default, is told of the measure as a whole. */
const placeOf = (measure: Path, key: string, value: unknown): Path =>
  isWritten(value, key) ? [...measure, key] : measure;

const isWritten = (value: unknown, key: string): boolean => valueAt(value, [key]) !== undefined;

/** The adapters whose values are held to conditions; the others know themselves what is well. */
const withConditions = ['command', 'json', 'prometheus'];

function conditionsOf({ adapter, success, failure }: Parts, value: unknown): Told {
  const told: Told = [];
  if (adapter === undefined || !withConditions.includes(adapter)) return told;
  if (!isWritten(value, 'success') && !isWritten(value, 'failure')) {
    told.push([
      'success',
      'has no condition to tell good from bad: write success, failure or both.',
    ]);
  }
  if (success && cannotHold(success)) {
    told.push([
      'success',
      'can hold for no value, so the measure could never pass: correct the bounds.',
    ]);
  }
  if (failure && cannotHold(failure)) {
    told.push(['failure', 'can hold for no value, so it never fails: correct the bounds.']);
  }
  if (success && failure && !cannotHold(success) && implies(success, failure)) {
    told.push([
      'failure',
      'holds wherever success does, and failure goes first, so the measure could never pass: keep the two apart.',
    ]);
  }
  return told;
}

function amountsOf({ count }: Parts, value: unknown): Told {
  const told: Told = [];
  if (count !== undefined && isWritten(value, 'duration')) {
    told.push(['count', 'says with duration when to stop, each in its own way: keep one of them.']);
  }
  return told;
}

/** The first look would judge what was before the deploy, and take back a good fix for it. */
function windowsOf({ adapter, query, initialDelay }: Parts): Told {
  if (adapter !== 'prometheus' || query === undefined || initialDelay === undefined) return [];
  const window = windowOf(query);
  if (window <= initialDelay) return [];
  return [
    [
      'query',
      `looks back ${spell(window)}, to before the deploy at its first measurement: set initialDelay to ${spell(window)}, or shorten the window.`,
    ],
  ];
}

/**
 * What bears every measurement there is time for is never exceeded. Errors are tried again sooner,
 * and are told only where the limit is written: a row of them up to the end is an error anyhow.
 */
function limitsOf(parts: Parts, watched: number, value: unknown): Told {
  const { interval, initialDelay, count, duration } = parts;
  if (interval === undefined || initialDelay === undefined || initialDelay > watched) return [];
  const left = watched - initialDelay;
  const window = Math.min(duration ?? left, left);
  const inTime = Math.floor(window / interval) + 1;
  const looks = Math.min(count ?? inTime, inTime);
  const attempts = Math.floor(window / waitAfterError(interval)) + 1;
  const limits = [
    ['failureLimit', looks, 'fail'],
    ['inconclusiveLimit', looks, 'be inconclusive'],
    ['consecutiveErrorLimit', attempts, 'be an error before its end'],
  ] as const;
  return limits.flatMap(([key, most, verb]): Told => {
    const limit = parts[key];
    if (limit === undefined || limit < most || !isWritten(value, key)) return [];
    const times = most === 1 ? 'the one measurement' : `all ${most} measurements`;
    const advice = `write at most ${most - 1}, or measure more often or longer`;
    return [
      [
        key,
        `bears ${times} that there is time for, so the measure could never ${verb}: ${advice}.`,
      ],
    ];
  });
}

/** A soak of nothing measures once, so that the interval does not matter. */
function timesOf(parts: Parts, watched: number): Told {
  const { interval, initialDelay, count, duration } = parts;
  if (interval === undefined || initialDelay === undefined) return [];
  const soaks = `the soak of ${spell(watched)}`;
  if (initialDelay > watched) {
    return [['initialDelay', `is longer than ${soaks}, so nothing would be measured: shorten it.`]];
  }
  const told: Told = [];
  const left = watched - initialDelay;
  if (duration !== undefined && duration > left) {
    told.push([
      'duration',
      `goes beyond ${soaks}: shorten it, or leave it out to measure all of it.`,
    ]);
  }
  const window = Math.min(duration ?? left, left);
  if (window > 0 && interval > window) {
    told.push([
      'interval',
      `the interval of ${spell(interval)} is longer than the ${spell(window)} that are measured, so there would be one measurement: shorten it.`,
    ]);
  } else if (count !== undefined && (count - 1) * interval > window) {
    told.push([
      'count',
      `takes longer than the ${spell(window)} that are measured, at one every ${spell(interval)}: lower it, or soak longer.`,
    ]);
  }
  return told;
}
