import { z } from 'zod';

/** Longer than any name in Temporal may be; what is carried on must not outgrow a payload. */
const name = z.string().max(1_000);
const time = z.string().max(40);

/** One incident's part in the queue for a service's environment. Times are ISO 8601, UTC. */
const partySchema = z.object({
  incidentId: name,
  ref: name,
  since: time,
  /** Its deploy was given up, with its incident or with its worker, and may still go on. */
  givenUp: z.literal(true).optional(),
});
export type Party = z.infer<typeof partySchema>;

const environmentSchema = z.enum(['staging', 'production']);

/** Who deploys to an environment, and who waits for it, first come first. */
export const deployQueueSchema = z.object({
  environment: environmentSchema,
  holder: partySchema.nullable(),
  waiting: z.array(partySchema),
});
export type DeployQueue = z.infer<typeof deployQueueSchema>;

/** What a deploy or a rollback asks the lock with. */
export const lockRequestSchema = z.object({
  /** The step's idempotency key: a retry asks for the same place in the queue. */
  key: name,
  service: name,
  environment: environmentSchema,
  incidentId: name,
  /** The workflow that has the step. */
  workflowId: name,
  ref: name,
  /** For a rollback: the key of the deploy that it takes back. */
  undoes: name.optional(),
});
export type LockRequest = z.infer<typeof lockRequestSchema>;

/** What a step says when it gives its place back, or when it has been given up. */
export const releaseSchema = z.object({
  key: name,
  /** Whether what is live may be another than before. */
  changed: z.boolean(),
  /** What it began may go on, so the place is kept until that has ended. */
  givenUp: z.literal(true).optional(),
});
export type Release = z.infer<typeof releaseSchema>;

/** What was brought live last through the lock. */
const lastDeploySchema = z.object({ key: name, incidentId: name, ref: name, at: time });
export type LastDeploy = z.infer<typeof lastDeploySchema>;

const claimSchema = partySchema.extend({ key: name, workflowId: name, undoes: name.optional() });
type Claim = z.infer<typeof claimSchema>;

const holderSchema = claimSchema.extend({
  /** What was said at its end, which is believed once the step is over. */
  released: z.object({ changed: z.boolean(), overtakes: z.array(name) }).optional(),
});
export type Holder = z.infer<typeof holderSchema>;

/** The lock of one environment of one service. */
export const lockSchema = z.object({
  service: name,
  environment: environmentSchema,
  holder: holderSchema.nullable(),
  queue: z.array(claimSchema),
  /** Claims for what was live before the last deploy; each is told, and asked for anew or not. */
  overtaken: z.array(name),
  lastDeploy: lastDeploySchema.nullable(),
  /** What each workflow of the queue was told last, by its id. */
  told: z.record(z.string(), z.string()).default({}),
});
export type Lock = z.infer<typeof lockSchema>;

/** More than ever wait in earnest. */
const mostWaiting = 200;

export type Standing =
  | { place: 'granted' }
  | { place: 'overtaken'; by: LastDeploy }
  | { place: 'waiting' };

export const freeLock = ({
  service,
  environment,
}: Pick<LockRequest, 'service' | 'environment'>): Lock => ({
  service,
  environment,
  holder: null,
  queue: [],
  overtaken: [],
  lastDeploy: null,
  told: {},
});

/** Takes a place in the queue, unless it is full; whoever has one already keeps it. */
export function claim(lock: Lock, request: LockRequest, now: string): Lock {
  if (standingOf(lock, request.key)) return lock;
  const { key, workflowId, incidentId, ref, undoes } = request;
  if (isLate(lock, request)) {
    return { ...lock, overtaken: [...lock.overtaken, key].slice(-mostWaiting) };
  }
  if (lock.queue.length >= mostWaiting) return lock;
  const added: Claim = { key, workflowId, incidentId, ref, since: now, ...(undoes && { undoes }) };
  return promote({ ...lock, queue: [...lock.queue, added] });
}

/** Whether a rollback would take back what somebody else has brought live since. */
function isLate({ holder, lastDeploy }: Lock, { undoes }: LockRequest): boolean {
  if (undoes === undefined || holder?.key === undoes) return false;
  return lastDeploy !== null && lastDeploy.key !== undoes;
}

/**
 * Keeps in mind that the holder says it has ended: of all that wait now none may go on as if nothing
 * had happened, where what is live may be another.
 */
export function announceEnd(lock: Lock, { key, changed }: Release): Lock {
  const { holder, queue } = lock;
  if (holder?.key !== key) return lock;
  const before = holder.released ?? { changed: false, overtakes: [] };
  const released = changed ? { changed, overtakes: queue.map((one) => one.key) } : before;
  return { ...lock, holder: { ...holder, released } };
}

/** Keeps in mind that the holder's deploy was given up, and may go on. */
export const giveUp = (lock: Lock, key: string): Lock =>
  lock.holder?.key === key ? { ...lock, holder: { ...lock.holder, givenUp: true } } : lock;

/** Ends the holder's part, as it was announced or, where it was not, as if all had changed. */
export function end(lock: Lock, now: string): Lock {
  const { holder } = lock;
  if (!holder) return lock;
  const { released } = holder;
  return release(lock, holder.key, released?.changed ?? true, now, released?.overtakes);
}

/**
 * Gives the place back, whatever it is; `changed` says whether what is live may be another. Then
 * those of `overtakes`, or all who wait, are overtaken at once; only who undoes just this is not.
 */
export function release(
  lock: Lock,
  key: string,
  changed: boolean,
  now: string,
  overtakes: readonly string[] = lock.queue.map((one) => one.key),
): Lock {
  const without = {
    ...lock,
    queue: lock.queue.filter((one) => one.key !== key),
    overtaken: lock.overtaken.filter((one) => one !== key),
  };
  if (lock.holder?.key !== key) return without;
  const { incidentId, ref } = lock.holder;
  if (!changed) return promote({ ...without, holder: null });
  const isOvertaken = (one: Claim) => one.undoes !== key && overtakes.includes(one.key);
  const overtaken = without.queue.filter(isOvertaken).map((one) => one.key);
  return promote({
    ...without,
    holder: null,
    queue: without.queue.filter((one) => !isOvertaken(one)),
    overtaken: [...without.overtaken, ...overtaken].slice(-mostWaiting),
    lastDeploy: { key, incidentId, ref, at: now },
  });
}

const promote = (lock: Lock): Lock => {
  const [next = null, ...queue] = lock.queue;
  return lock.holder ? lock : { ...lock, holder: next, queue };
};

/** Whether anybody has a reason to know whether the holder's step goes on. */
export const isToBeWatched = ({ holder, queue }: Lock): boolean =>
  holder !== null && (queue.length > 0 || Boolean(holder.released ?? holder.givenUp));

/** Null for who has no place. */
export function standingOf(lock: Lock, key: string): Standing | null {
  if (lock.holder?.key === key) return { place: 'granted' };
  if (lock.overtaken.includes(key) && lock.lastDeploy) {
    return { place: 'overtaken', by: lock.lastDeploy };
  }
  return lock.queue.some((one) => one.key === key) ? { place: 'waiting' } : null;
}

const partyOf = ({ incidentId, ref, since, givenUp }: Claim): Party => ({
  incidentId,
  ref,
  since,
  ...(givenUp && { givenUp }),
});

export const queueOf = ({ environment, holder, queue }: Lock): DeployQueue => ({
  environment,
  holder: holder && partyOf(holder),
  waiting: queue.map(partyOf),
});

/**
 * What each workflow of the queue has to know, by its id, as a text that changes when that does: the
 * holder who waits, and the others who holds. Nobody is told while nobody waits.
 */
export function newsOf({ holder, queue }: Lock): Record<string, string> {
  if (!holder || queue.length === 0) return {};
  const how = holder.givenUp ? ' given up' : '';
  return Object.fromEntries([
    ...queue.map(({ workflowId }) => [workflowId, `behind ${holder.key}${how}`]),
    [holder.workflowId, `before ${queue.map(({ key }) => key).join()}`],
  ]);
}

/** The workflows for which there is news since they were told. */
export const untold = (lock: Lock): string[] =>
  Object.entries(newsOf(lock)).flatMap(([workflowId, news]) =>
    lock.told[workflowId] === news ? [] : [workflowId],
  );
