import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  patched,
  setDefaultSignalHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { deployQueueSignal, lockMessages, lockWorkflowIdOf } from '../process/contract.ts';
import {
  announceEnd,
  claim,
  type DeployQueue,
  end,
  giveUp,
  type Holder,
  isToBeWatched,
  type Lock,
  type LockRequest,
  lockRequestSchema,
  lockSchema,
  newsOf,
  queueOf,
  release,
  releaseSchema,
  type Standing,
  standingOf,
  untold,
} from '../process/lock.ts';
import { safely } from '../process/signals.ts';
import { activities, answerOf } from './activities.ts';
import { now } from './run.ts';

// What reaches the lock may come from anybody with access to Temporal, so nothing of it is believed unread.
const acquireUpdate = defineUpdate<Standing, [unknown]>(lockMessages.acquire);
const standingQuery = defineQuery<Standing | null, [unknown]>(lockMessages.standing);
const releaseSignal = defineSignal<[unknown]>(lockMessages.release);

/** How long a free lock remembers what was deployed last. */
const memory = '1d';

/**
 * How long a deploy whose step is over gets to end, where nobody says that it has: longer than a worker
 * that follows it needs to say that it goes on.
 */
const silence = '10m';

/**
 * One deploy at a time: the lock of one environment of one service. Whoever asks gets a place in the
 * queue. That a deploy has ended is believed when Temporal knows its step to be over, whatever was said.
 */
export async function deployLock(argument: unknown): Promise<void> {
  let lock = begin(argument);
  /** How often it was said that the holder's deploy goes on. */
  let givenUp = 0;
  const acquire = (asked: unknown): Standing => {
    const request = requestFor(lock, asked);
    lock = claim(lock, request, now());
    const standing = standingOf(lock, request.key);
    if (!standing) throw ApplicationFailure.nonRetryable('Too many wait for this lock.', 'Busy');
    return standing;
  };
  const validator = (asked: unknown) => void requestFor(lock, asked);
  setHandler(acquireUpdate, acquire, { validator });
  setHandler(standingQuery, (key) => (typeof key === 'string' ? standingOf(lock, key) : null));
  setHandler(releaseSignal, (said) => {
    const word = safely(releaseSchema, said).data;
    if (!word) return;
    if (lock.holder?.key !== word.key || !isChecked()) {
      lock = release(lock, word, now());
    } else if (word.givenUp) {
      lock = giveUp(lock, word.key);
      givenUp += 1;
    } else lock = announceEnd(lock, word);
  });
  setDefaultSignalHandler(() => {});

  const isHeld = () => lock.holder !== null;
  tellParties(
    () => untold(lock),
    () => {
      lock = { ...lock, told: newsOf(lock) };
      return queueOf(lock);
    },
  );
  for (;;) {
    if (!isHeld()) {
      const isWanted = () => isHeld() || isFull();
      if (!(await condition(isWanted, memory, { summary: 'Then forgotten' }))) return;
    }
    await condition(() => !isHeld() || isToBeWatched(lock) || isFull());
    if (isFull()) await continueAsNew<typeof deployLock>(lock);
    const { holder } = lock;
    if (!holder) continue;
    const isSettled = () => lock.holder?.key !== holder.key;
    if (await hasEnded(holder, () => isSettled() || isFull())) {
      await untilQuiet(isSettled);
      if (!isSettled() && !isFull()) lock = end(lock, now());
    }
  }

  /** Waits for the word of a step that is over: that its deploy has ended, or goes on. */
  async function untilQuiet(isSettled: () => boolean): Promise<void> {
    const isOver = () => isSettled() || isFull() || lock.holder?.released !== undefined;
    const { holder } = lock;
    if (holder && !isOver() && isChecked()) lock = giveUp(lock, holder.key);
    while (!isOver()) {
      const heard = givenUp;
      const isSaid = () => isOver() || givenUp !== heard;
      const summary = 'The deploy may go on: then the next';
      if (!(await condition(isSaid, silence, { summary }))) return;
    }
  }
}

/** Locks that began before this believed every release, and their histories are to be replayed. */
const isChecked = () => patched('end-is-checked');

/** Whether there is hardly room for more messages: held or not, the lock goes on in a new history. */
const isFull = () => workflowInfo().continueAsNewSuggested && isChecked();

function begin(argument: unknown): Lock {
  const lock = safely(lockSchema, argument).data;
  if (lock && lockWorkflowIdOf(lock.service, lock.environment) === workflowInfo().workflowId) {
    return lock;
  }
  throw ApplicationFailure.nonRetryable(
    'This is not how a lock begins: the first deploy starts it.',
    'BadOpening',
  );
}

function requestFor({ service, environment }: Lock, asked: unknown): LockRequest {
  const request = safely(lockRequestSchema, asked).data;
  if (request?.service === service && request.environment === environment) return request;
  throw ApplicationFailure.nonRetryable(
    `This is not a request for the lock of ${environment} of ${service}: deploys make it themselves.`,
    'BadRequest',
  );
}

/** Whether the holder's step has ended; false as soon as nobody needs to know any more. */
async function hasEnded({ workflowId, key }: Holder, isSettled: () => boolean): Promise<boolean> {
  const scope = new CancellationScope();
  const summary = `${key} of ${workflowId}`.slice(0, 200);
  const end = answerOf(
    scope.run(() => activities.workflowEnd.executeWithOptions({ summary }, [{ workflowId, key }])),
  );
  let isOver = false;
  const ended = end.then((answer) => {
    isOver = true;
    return answer.ok;
  });
  await condition(() => isOver || isSettled());
  if (!isOver) scope.cancel();
  return (await ended) && !isSettled();
}

/** Tells each workflow of the queue what is new for it. Whoever is gone needs no telling. */
function tellParties(partiesToTell: () => string[], tell: () => DeployQueue): void {
  const telling = async () => {
    for (;;) {
      await condition(() => partiesToTell().length > 0);
      const parties = partiesToTell();
      const queue = tell();
      await Promise.all(
        parties.map((workflowId) =>
          getExternalWorkflowHandle(workflowId)
            .signal(deployQueueSignal, queue)
            .catch(() => {}),
        ),
      );
    }
  };
  telling().catch(() => {});
}
