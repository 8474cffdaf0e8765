import { attemptAt, type Change, changeOf, changesOf, type Placed } from './changes.ts';
import type { IncidentEvent } from './events.ts';
import type {
  Environment,
  MeasurementOutcome,
  MonitorProgress,
  MonitorResult,
} from './outcomes.ts';
import { downsample } from './series.ts';
import type { DeployRecord } from './state.ts';

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
 * far. Attempt, environment and occasion follow from its place in the timeline: an analysis is about
 * the change that ended last before it began.
 */
export function analysesOf(
  timeline: readonly IncidentEvent[],
  progress: MonitorProgress | null = null,
): Analysis[] {
  const changes = changesOf(timeline);
  return timeline
    .filter((event) => event.type === 'monitoringStarted')
    .map((begin, index) => ({
      number: index + 1,
      ...subjectOf(timeline, changes, begin),
      ...courseOf(timeline, begin, progress),
    }));
}

/**
 * What is known where only the incident as it was last seen can be read: its newest analysis at most.
 */
export function lastKnownAnalyses(
  { attempt, deploys, monitoring }: LastKnown,
  progress: MonitorProgress | null,
): Analysis[] {
  const course = progress ? running(progress) : monitoring && finished(monitoring);
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
    points: downsample(measure.points, points),
  })),
});

interface LastKnown {
  attempt: number;
  deploys: readonly DeployRecord[];
  monitoring: MonitorResult | null;
}

function subjectOf(
  timeline: readonly IncidentEvent[],
  all: readonly Placed[],
  begin: IncidentEvent,
): Pick<Analysis, 'attempt' | 'environment' | 'after' | 'changes'> {
  const attempt = attemptAt(timeline, begin);
  const own = all.filter(({ change }) => change.attempt === attempt);
  const last = own.findLast(({ ended }) => ended < begin.seq)?.change;
  const environment = last?.environment ?? 'production';
  return {
    attempt,
    environment,
    after: last?.action ?? 'deploy',
    changes: own.map(({ change }) => change).filter((one) => one.environment === environment),
  };
}

type Course = Pick<Analysis, 'state' | 'outcome' | 'startedAt' | 'finishedAt' | 'measures'>;

function courseOf(
  timeline: readonly IncidentEvent[],
  begin: IncidentEvent,
  progress: MonitorProgress | null,
): Course {
  const after = timeline.filter(({ seq }) => seq > begin.seq);
  const next = after.find(({ type }) => type === 'monitoringStarted' || type === 'monitored');
  if (next?.type === 'monitored') return finished(next.data.result);
  const cut = next ?? after.find(endsAnalysis);
  const unknown = { outcome: null, startedAt: begin.at, measures: [] };
  if (cut) return { ...unknown, state: 'cutShort', finishedAt: cut.at };
  return progress ? running(progress) : { ...unknown, state: 'running', finishedAt: null };
}

const finished = (result: MonitorResult): Course => ({ state: 'finished', ...result });

const running = ({ startedAt, measures }: MonitorProgress): Course => ({
  state: 'running',
  outcome: null,
  startedAt,
  finishedAt: null,
  measures,
});

/** What the process does not do while an analysis is still to bring its result. */
const endsAnalysis = (event: IncidentEvent): boolean =>
  event.type === 'rollbackStarted' ||
  event.type === 'phaseStarted' ||
  (event.type === 'statusChanged' && event.data.status !== 'mitigated');
