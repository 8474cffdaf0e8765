import { z } from 'zod';
import type { Environment } from './outcomes.ts';

/** One incident's part in the queue for a service's environment. Times are ISO 8601, UTC. */
const partySchema = z.object({
  incidentId: z.string(),
  ref: z.string(),
  since: z.string(),
});
export type Party = z.infer<typeof partySchema>;

/** Who deploys to an environment, and who waits for it, first come first. */
export const deployQueueSchema = z.object({
  environment: z.enum(['staging', 'production']),
  holder: partySchema.nullable(),
  waiting: z.array(partySchema),
});
export type DeployQueue = z.infer<typeof deployQueueSchema>;

/** What a deploy or a rollback asks the lock with. */
export interface LockRequest {
  /** The step's idempotency key: a retry asks for the same place in the queue. */
  key: string;
  service: string;
  environment: Environment;
  incidentId: string;
  /** The workflow whose end gives the lock back, whatever became of its worker. */
  workflowId: string;
  ref: string;
  /** For a rollback: the key of the deploy that it takes back. */
  undoes?: string;
}

/** What was brought live last through the lock. */
export interface LastDeploy {
  key: string;
  incidentId: string;
  ref: string;
  at: string;
}

interface Claim extends Party {
  key: string;
  workflowId: string;
}

/** The lock of one environment of one service. */
export interface Lock {
  service: string;
  environment: Environment;
  holder: Claim | null;
  queue: Claim[];
  /** Claims for what was live before the last deploy; each is told, and asked for anew or not. */
  overtaken: string[];
  lastDeploy: LastDeploy | null;
}

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
});

/** Takes a place in the queue; whoever has one already keeps it. */
export function claim(lock: Lock, request: LockRequest, now: string): Lock {
  if (standingOf(lock, request.key)) return lock;
  const { key, workflowId, incidentId, ref, undoes } = request;
  const isLate = undoes !== undefined && lock.lastDeploy && lock.lastDeploy.key !== undoes;
  if (isLate) return { ...lock, overtaken: [...lock.overtaken, key] };
  const added: Claim = { key, workflowId, incidentId, ref, since: now };
  return promote({ ...lock, queue: [...lock.queue, added] });
}

/**
 * Gives the place back, whatever it is; `changed` says whether what is live may be another. Then
 * nobody who waits goes on as if nothing had happened: all of them are overtaken at once.
 */
export function release(lock: Lock, key: string, changed: boolean, now: string): Lock {
  const without = {
    ...lock,
    queue: lock.queue.filter((one) => one.key !== key),
    overtaken: lock.overtaken.filter((one) => one !== key),
  };
  if (lock.holder?.key !== key) return without;
  const { incidentId, ref } = lock.holder;
  if (!changed) return promote({ ...without, holder: null });
  return {
    ...without,
    holder: null,
    queue: [],
    overtaken: [...without.overtaken, ...without.queue.map((one) => one.key)],
    lastDeploy: { key, incidentId, ref, at: now },
  };
}

const promote = (lock: Lock): Lock => {
  const [next = null, ...queue] = lock.queue;
  return lock.holder ? lock : { ...lock, holder: next, queue };
};

/** Null for who has no place. */
export function standingOf(lock: Lock, key: string): Standing | null {
  if (lock.holder?.key === key) return { place: 'granted' };
  if (lock.overtaken.includes(key) && lock.lastDeploy) {
    return { place: 'overtaken', by: lock.lastDeploy };
  }
  return lock.queue.some((one) => one.key === key) ? { place: 'waiting' } : null;
}

const partyOf = ({ incidentId, ref, since }: Claim): Party => ({ incidentId, ref, since });

export const queueOf = ({ environment, holder, queue }: Lock): DeployQueue => ({
  environment,
  holder: holder && partyOf(holder),
  waiting: queue.map(partyOf),
});

/**
 * What each workflow of the queue has to know, by its id, as a text that changes when that does: the
 * holder who waits, and the others who holds. Nobody is told while nobody waits.
 */
export function newsOf({ holder, queue }: Lock): Map<string, string> {
  if (!holder || queue.length === 0) return new Map();
  return new Map([
    ...queue.map(({ workflowId }): [string, string] => [workflowId, `behind ${holder.key}`]),
    [holder.workflowId, `before ${queue.map(({ key }) => key).join()}`],
  ]);
}
