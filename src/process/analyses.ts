import { type Change, changeOf, changesOf } from './changes.ts';
import type { IncidentEvent } from './events.ts';
import type {
  Environment,
  MeasurementOutcome,
  MonitorProgress,
  MonitorResult,
} from './outcomes.ts';
import { thinOut } from './points.ts';
import type { DeployRecord } from './state.ts';
import type { MonitoringSummary } from './view.ts';

/** One series of measurements, with what it was about. Times are ISO 8601, UTC. */
export interface Analysis {
  /** Its place among the analyses of the incident, from 1; null where only this one is known. */
  number: number | null;
  attempt: number;
  environment: Environment;
  /** What had just been done there. */
  after: Change['action'];
  /** `cutShort`: the process went on without its result, so what it measured is not on record. */
  state: 'running' | 'finished' | 'cutShort';
  /** Null where there is none (yet). */
  outcome: MeasurementOutcome | null;
  /** What the points of its measures count from. */
  startedAt: string;
  finishedAt: string | null;
  /** The deploys and rollbacks of its attempt and environment, in order. */
  changes: Change[];
  measures: MonitorProgress['measures'];
}

/**
 * Every analysis of an incident, oldest first; `progress` is what the one that runs has measured so
 * far.
 */
export function analysesOf(
  timeline: readonly IncidentEvent[],
  progress: MonitorProgress | null = null,
): Analysis[] {
  const changes = changesOf(timeline);
  return timeline
    .filter((event) => event.type === 'monitoringStarted')
    .map((begin, index) => {
      const { attempt, environment } = begin.data;
      return {
        number: index + 1,
        ...begin.data,
        changes: changes.filter(
          (one) => one.attempt === attempt && one.environment === environment,
        ),
        ...courseOf(timeline, begin, progress),
      };
    });
}

/**
 * What is known where only the incident as it was last seen can be read: its newest analysis at most.
 */
export function lastKnownAnalyses(
  { attempt, deploys, monitoring }: LastKnown,
  progress: MonitorProgress | null,
): Analysis[] {
  const course = progress ? running(progress) : monitoring && finished(withoutPoints(monitoring));
  if (!course) return [];
  const changes = deploys.filter((deploy) => deploy.attempt === attempt).map(changeOf);
  const environment = changes.at(-1)?.environment ?? 'production';
  return [
    {
      number: null,
      attempt,
      environment,
      after: 'deploy',
      changes: changes.filter((change) => change.environment === environment),
      ...course,
    },
  ];
}

/** As many points of a measure as a screen can show. */
export const defaultPoints = 240;

/** The analysis with at most `points` points a measure. */
export const bounded = (analysis: Analysis, points: number): Analysis => ({
  ...analysis,
  measures: analysis.measures.map((measure) => ({
    ...measure,
    points: thinOut(measure.points, points),
  })),
});

interface LastKnown {
  attempt: number;
  deploys: readonly DeployRecord[];
  monitoring: MonitoringSummary | null;
}

type Course = Pick<Analysis, 'state' | 'outcome' | 'startedAt' | 'finishedAt' | 'measures'>;

type Begin = Extract<IncidentEvent, { type: 'monitoringStarted' }>;

function courseOf(
  timeline: readonly IncidentEvent[],
  begin: Begin,
  progress: MonitorProgress | null,
): Course {
  const after = timeline.filter(({ seq }) => seq > begin.seq);
  const end = after.find((event) => isAnswerTo(begin, event) || cutsShort(begin, event));
  if (end?.type === 'monitored') return finished(end.data.result);
  const unknown = { outcome: null, startedAt: begin.at, measures: [] };
  if (end) return { ...unknown, state: 'cutShort', finishedAt: end.at };
  return progress ? running(progress) : { ...unknown, state: 'running', finishedAt: null };
}

const isAnswerTo = ({ data }: Begin, event: IncidentEvent): boolean =>
  event.type === 'monitored' &&
  event.data.environment === data.environment &&
  event.data.after === data.after &&
  event.data.attempt === data.attempt;

/** After these the process does not wait for a result any more. */
function cutsShort({ data }: Begin, event: IncidentEvent): boolean {
  if (event.type === 'statusChanged') return event.data.status !== 'mitigated';
  return data.after === 'rollback'
    ? event.type === 'deployStarted'
    : event.type === 'rollbackStarted' || event.type === 'phaseStarted';
}

/** Of a finished analysis the last known state keeps no series. */
const withoutPoints = (summary: MonitoringSummary): MonitorResult => ({
  ...summary,
  measures: summary.measures.map((measure) => ({ ...measure, points: [] })),
});

const finished = (result: MonitorResult): Course => ({ state: 'finished', ...result });

const running = ({ startedAt, measures }: MonitorProgress): Course => ({
  state: 'running',
  outcome: null,
  startedAt,
  finishedAt: null,
  measures,
});
