import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { deployQueueSignal, lockMessages, type Release } from '../process/contract.ts';
import {
  claim,
  type Lock,
  type LockRequest,
  newsOf,
  queueOf,
  release,
  type Standing,
  standingOf,
} from '../process/lock.ts';
import { activities, answerOf } from './activities.ts';
import { now } from './run.ts';

const acquireUpdate = defineUpdate<Standing, [LockRequest]>(lockMessages.acquire);
const standingQuery = defineQuery<Standing | null, [key: string]>(lockMessages.standing);
const releaseSignal = defineSignal<[Release]>(lockMessages.release);

/** How long a free lock remembers what was deployed last. */
const memory = '1d';

/** What a holder that is gone gets until its worker has stopped what it began, in milliseconds. */
const lastWords = 30_000;

/**
 * One deploy at a time: the lock of one environment of one service. Whoever asks gets a place in the
 * queue; a holder that ends gives its place back, whatever ended it.
 */
export async function deployLock(carried: Lock): Promise<void> {
  let lock = carried;
  setHandler(acquireUpdate, (request) => {
    lock = claim(lock, request, now());
    return standingOf(lock, request.key) as Standing;
  });
  setHandler(standingQuery, (key) => standingOf(lock, key));
  setHandler(releaseSignal, ({ key, changed }) => {
    lock = release(lock, key, changed, now());
  });

  const isHeld = () => lock.holder !== null;
  const telling = tellParties(() => lock);
  for (;;) {
    if (!isHeld() && !(await condition(isHeld, memory, { summary: 'Then forgotten' }))) break;
    await condition(() => !isHeld() || lock.queue.length > 0);
    const { holder } = lock;
    if (!holder) continue;
    if (await hasEnded(holder.workflowId, () => lock.holder?.key !== holder.key)) {
      const isReleased = () => lock.holder?.key !== holder.key;
      await condition(isReleased, lastWords, { summary: 'The holder is gone: then the next' });
      lock = release(lock, holder.key, true, now());
    }
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof deployLock>(lock);
    }
  }
  telling.cancel();
  await condition(allHandlersFinished);
}

/** Whether the workflow has ended; false as soon as nobody needs to know any more. */
async function hasEnded(workflowId: string, isSettled: () => boolean): Promise<boolean> {
  const scope = new CancellationScope();
  const end = answerOf(
    scope.run(() =>
      activities.workflowEnd.executeWithOptions({ summary: workflowId }, [workflowId]),
    ),
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
function tellParties(lockNow: () => Lock): CancellationScope {
  const scope = new CancellationScope();
  let told = new Map<string, string>();
  const isNews = ([workflowId, news]: [string, string]) => told.get(workflowId) !== news;
  const tell = async () => {
    for (;;) {
      await condition(() => [...newsOf(lockNow())].some(isNews));
      const news = newsOf(lockNow());
      const queue = queueOf(lockNow());
      const parties = [...news].filter(isNews).map(([workflowId]) => workflowId);
      told = news;
      await Promise.all(
        parties.map((workflowId) =>
          getExternalWorkflowHandle(workflowId)
            .signal(deployQueueSignal, queue)
            .catch(() => {}),
        ),
      );
    }
  };
  scope.run(tell).catch(() => {});
  return scope;
}
