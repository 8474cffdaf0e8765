import {
  ActivityCancellationType,
  ActivityFailure,
  type ActivityOptions,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { FailureType, HotfixActivities, StepFacts } from '../activities/types.ts';
import { stepFactsSchema } from '../process/results.ts';
import { safely } from '../process/signals.ts';

/** Of all that waits for a worker, what brings a fix live and what calls people goes first. */
const first: Pick<ActivityOptions, 'priority'> = { priority: { priorityKey: 1 } };

/**
 * How long each activity may take and how often it is tried. A worker that dies is noticed by its
 * missing heartbeat, so the next one takes over within seconds and not when the whole time is up.
 */
const onProduction: ActivityOptions = {
  startToCloseTimeout: '1d',
  heartbeatTimeout: '15s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 10 },
};

const { deploy, rollback } = proxyActivities<HotfixActivities>({
  ...onProduction,
  ...first,
});

/** Weeks are nothing to a measurement: its soak is the service's own. */
const { monitor } = proxyActivities<HotfixActivities>({
  ...onProduction,
  startToCloseTimeout: '7d',
});

const { notify } = proxyActivities<HotfixActivities>({
  ...first,
  startToCloseTimeout: '5m',
  scheduleToCloseTimeout: '30m',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});

/** Whoever waits for it waits for a verdict on what they have signalled. */
const { findOnCall } = proxyActivities<HotfixActivities>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '1m',
  retry: { initialInterval: '1s' },
});

const { fileFollowUps } = proxyActivities<HotfixActivities>({
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '1d',
  heartbeatTimeout: '60s',
  retry: { initialInterval: '1s', maximumInterval: '10m' },
});

const { preflight } = proxyActivities<HotfixActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '60s',
  retry: { initialInterval: '5s', maximumAttempts: 3 },
});

/** Waits as long as the workflow lives. */
const { workflowEnd } = proxyActivities<HotfixActivities>({
  ...onProduction,
  startToCloseTimeout: '7d',
  retry: { initialInterval: '1s', maximumInterval: '10s' },
});

export const activities = {
  deploy,
  rollback,
  monitor,
  preflight,
  notify,
  findOnCall,
  fileFollowUps,
  workflowEnd,
};

/** What an activity brought back, or why it could not, as a sentence for people. */
export type Answer<T> =
  | { ok: true; value: T }
  | (StepFacts & {
      ok: false;
      isCancelled: boolean;
      /** Whether what it began may go on, with nobody who knows how it ends. */
      isUnknown: boolean;
      reason: string;
    });

/** Where `isResult` is there it says whether a value is what the activity brings back: anything else is a failure. */
export async function answerOf<T>(
  activity: Promise<T>,
  isResult?: (value: unknown) => value is T,
): Promise<Answer<T>> {
  try {
    const value = await activity;
    return isResult?.(value) === false ? unreadable : { ok: true, value };
  } catch (error) {
    return {
      ok: false,
      isCancelled: isCancellation(error),
      isUnknown: isUnknown(error),
      reason: reasonOf(error),
      ...factsOf(error),
    };
  }
}

const unreadable = {
  ok: false,
  isCancelled: false,
  isUnknown: true,
  reason:
    'It was completed with something that is no result of it, so what it did is not known: look at the system itself before you go on.',
} as const;

/** Runs an activity; when `stop` becomes true it is cancelled, and its end is waited for. */
export async function cancelledWhen<T>(
  stop: () => boolean,
  activity: () => Promise<T>,
  isResult: (value: unknown) => value is T,
): Promise<Answer<T>> {
  const scope = new CancellationScope();
  let isDone = false;
  const watch = condition(() => isDone || stop()).then(() => {
    if (!isDone) scope.cancel();
  });
  const answer = await answerOf(scope.run(activity), isResult);
  isDone = true;
  await watch;
  return answer;
}

const causeOf = (error: unknown): unknown =>
  error instanceof ActivityFailure ? error.cause : error;

const endingsUnknown: FailureType[] = ['Interrupted', 'OutcomeUnknown', 'TimedOut'];

function isUnknown(error: unknown): boolean {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure
    ? endingsUnknown.some((type) => type === cause.type)
    : cause instanceof TimeoutFailure;
}

/** Said by the activity itself; anybody with access to Temporal can fail one by hand. */
function factsOf(error: unknown): StepFacts {
  const cause = causeOf(error);
  const said = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  return safely(stepFactsSchema, said).data ?? {};
}

function reasonOf(error: unknown): string {
  const cause = causeOf(error);
  if (cause instanceof ApplicationFailure) return cause.message;
  if (cause instanceof TimeoutFailure) {
    return `No worker finished it in time (${cause.timeoutType}). What it did is not known: look at the system itself before you go on.`;
  }
  return isCancellation(error)
    ? 'Cancelled.'
    : 'It failed for an unexpected reason; see the worker’s log.';
}
