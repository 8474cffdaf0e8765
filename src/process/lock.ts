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

/** How a step ended, where that is known. */
const outcome = z.enum(['succeeded', 'failed']).optional();

/** What a step says when it gives its place back, or when it has been given up. */
export const releaseSchema = z.object({
  key: name,
  /** Whether what is live may be another than before. */
  changed: z.boolean(),
  outcome,
  /** What it began may go on, so the place is kept until that has ended. */
  givenUp: z.literal(true).optional(),
});
export type Release = z.infer<typeof releaseSchema>;

/** What a step has done. Without an outcome it is not known what came of it. */
export const deedSchema = z.object({
  action: z.enum(['deploy', 'rollback']).optional(),
  outcome,
});

/** What was done last through the lock. */
const lastDeploySchema = deedSchema.extend({ key: name, incidentId: name, ref: name, at: time });
export type LastDeploy = z.infer<typeof lastDeploySchema>;

const claimSchema = partySchema.extend({ key: name, workflowId: name, undoes: name.optional() });
type Claim = z.infer<typeof claimSchema>;

const holderSchema = claimSchema.extend({
  /** What was said at its end, which is believed once the step is over. */
  released: z.object({ changed: z.boolean(), outcome, overtakes: z.array(name) }).optional(),
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
  /** The deploys that are live, each over the one before, by their keys; what failed and was taken back is not. */
  live: z.array(name).default([]),
  /** What each workflow of the queue was told last, by its id. */
  told: z.record(z.string(), z.string()).default({}),
});
export type Lock = z.infer<typeof lockSchema>;

/** More than ever wait in earnest. */
const mostWaiting = 200;

/** A rollback takes back the last of them; the others are there for when it does. */
const mostLive = 20;

export type Standing =
  /** `upon`: the other incident that deployed or rolled back last before. */
  | { place: 'granted'; upon?: string }
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
  live: [],
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

/** Whether a rollback would take back what is not live any more, or may not be. */
function isLate({ holder, lastDeploy, live }: Lock, { undoes }: Pick<Claim, 'undoes'>): boolean {
  if (undoes === undefined || holder?.key === undoes) return false;
  if (lastDeploy === null || lastDeploy.key === undoes) return false;
  if (lastDeploy.outcome === undefined) return true;
  return live.length > 0 && live.at(-1) !== undoes;
}

/** What is live after the holder's deploy or rollback; one that may have been done in part covers what was. */
function liveAfter(live: string[], { key, undoes }: Holder, outcome: Release['outcome']): string[] {
  if (undoes === undefined) return outcome === 'failed' ? live : [...live, key].slice(-mostLive);
  if (outcome !== 'succeeded') return [...live, key].slice(-mostLive);
  const place = live.lastIndexOf(undoes);
  return place < 0 ? live : live.slice(0, place);
}

/**
 * Keeps in mind that the holder says it has ended: of all that wait now none may go on as if nothing
 * had happened, where what is live may be another.
 */
export function announceEnd(lock: Lock, { key, changed, outcome }: Release): Lock {
  const { holder, queue } = lock;
  if (holder?.key !== key) return lock;
  const before = holder.released ?? { changed: false, overtakes: [] };
  const overtakes = queue.map((one) => one.key);
  const released = changed ? { changed, ...(outcome && { outcome }), overtakes } : before;
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
  const word = { key: holder.key, changed: true, ...released };
  return release(lock, word, now, released?.overtakes);
}

/**
 * Gives the place back, whatever it is; `changed` says whether what is live may be another. Then those
 * of `overtakes`, or all who wait, are overtaken at once; only a rollback of what is live is not.
 */
export function release(
  lock: Lock,
  { key, changed, outcome }: Release,
  now: string,
  overtakes: readonly string[] = lock.queue.map((one) => one.key),
): Lock {
  const { holder } = lock;
  const without = {
    ...lock,
    queue: lock.queue.filter((one) => one.key !== key),
    overtaken: lock.overtaken.filter((one) => one !== key),
  };
  if (holder?.key !== key) return learn(without, { key, changed, outcome });
  const free = { ...without, holder: null };
  if (!changed) return promote(free);
  const { incidentId, ref, undoes } = holder;
  const action = undoes === undefined ? ('deploy' as const) : ('rollback' as const);
  const after: Lock = {
    ...free,
    lastDeploy: { key, incidentId, ref, at: now, ...(outcome && { action, outcome }) },
    live: liveAfter(lock.live, holder, outcome),
  };
  const isOvertaken = (one: Claim) =>
    overtakes.includes(one.key) && (one.undoes === undefined || isLate(after, one));
  const overtaken = after.queue.filter(isOvertaken).map((one) => one.key);
  return promote({
    ...after,
    queue: after.queue.filter((one) => !isOvertaken(one)),
    overtaken: [...after.overtaken, ...overtaken].slice(-mostWaiting),
  });
}

/** How a deploy ended that had given its place back without that: its deployer was asked. */
function learn(lock: Lock, { key, outcome }: Release): Lock {
  const { lastDeploy, live } = lock;
  if (outcome === undefined) return lock;
  return {
    ...lock,
    live: outcome === 'failed' ? live.filter((one) => one !== key) : live,
    lastDeploy:
      lastDeploy?.key === key && lastDeploy.outcome === undefined
        ? { ...lastDeploy, action: 'deploy', outcome }
        : lastDeploy,
  };
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
  if (lock.holder?.key === key) return { place: 'granted', ...uponOf(lock, lock.holder) };
  if (lock.overtaken.includes(key) && lock.lastDeploy) {
    return { place: 'overtaken', by: lock.lastDeploy };
  }
  return lock.queue.some((one) => one.key === key) ? { place: 'waiting' } : null;
}

const uponOf = ({ lastDeploy }: Lock, { incidentId }: Holder): { upon?: string } =>
  lastDeploy && lastDeploy.incidentId !== incidentId ? { upon: lastDeploy.incidentId } : {};

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

/** What another incident has done, as far as it is known: `has brought v2 live`. */
export function deedOf({ ref, action, outcome }: Pick<LastDeploy, 'ref' | 'action' | 'outcome'>) {
  if (action === undefined || outcome === undefined) {
    return `has deployed or taken back ${ref}, and how that ended is not known`;
  }
  const deeds = {
    deploy: {
      succeeded: `has brought ${ref} live`,
      failed: `has tried to bring ${ref} live, which failed`,
    },
    rollback: {
      succeeded: `has taken ${ref} back`,
      failed: `has tried to take ${ref} back, which failed`,
    },
  };
  return deeds[action][outcome];
}
