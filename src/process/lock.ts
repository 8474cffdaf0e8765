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
  /** The last deploy that the claim knows of; another one in the meantime has overtaken it. */
  knows: string | null;
}

/** The lock of one environment of one service. */
export interface Lock {
  service: string;
  environment: Environment;
  holder: Claim | null;
  queue: Claim[];
  lastDeploy: LastDeploy | null;
}

export type Standing =
  | { granted: true; overtakenBy: LastDeploy | null }
  | { granted: false; queue: DeployQueue };

export const freeLock = ({
  service,
  environment,
}: Pick<LockRequest, 'service' | 'environment'>): Lock => ({
  service,
  environment,
  holder: null,
  queue: [],
  lastDeploy: null,
});

/** Takes a place in the queue; whoever has one already keeps it. */
export function claim(lock: Lock, request: LockRequest, now: string): Lock {
  if (claimsOf(lock).some(({ key }) => key === request.key)) return lock;
  const { key, workflowId, incidentId, ref, undoes } = request;
  const knows = undoes ?? lock.lastDeploy?.key ?? null;
  const added: Claim = { key, workflowId, incidentId, ref, knows, since: now };
  return promote({ ...lock, queue: [...lock.queue, added] });
}

/** Gives the place back, whether held or waited for; `changed` says whether what is live may be another. */
export function release(lock: Lock, key: string, changed: boolean, now: string): Lock {
  const { holder } = lock;
  if (holder?.key !== key) return { ...lock, queue: lock.queue.filter((one) => one.key !== key) };
  const { incidentId, ref } = holder;
  const lastDeploy = changed ? { key, incidentId, ref, at: now } : lock.lastDeploy;
  return promote({ ...lock, holder: null, lastDeploy });
}

const promote = (lock: Lock): Lock => {
  const [next = null, ...queue] = lock.queue;
  return lock.holder ? lock : { ...lock, holder: next, queue };
};

const claimsOf = ({ holder, queue }: Lock): Claim[] => (holder ? [holder, ...queue] : queue);

/** Null for who has no place. */
export function standingOf(lock: Lock, key: string): Standing | null {
  const { holder, lastDeploy } = lock;
  if (holder?.key === key) {
    const isNews = lastDeploy !== null && lastDeploy.key !== holder.knows;
    return { granted: true, overtakenBy: isNews ? lastDeploy : null };
  }
  return claimsOf(lock).some((one) => one.key === key)
    ? { granted: false, queue: queueOf(lock) }
    : null;
}

const partyOf = ({ incidentId, ref, since }: Claim): Party => ({ incidentId, ref, since });

export const queueOf = ({ environment, holder, queue }: Lock): DeployQueue => ({
  environment,
  holder: holder && partyOf(holder),
  waiting: queue.map(partyOf),
});

/** The workflows that have a place in the queue. */
export const partiesOf = (lock: Lock): string[] => [
  ...new Set(claimsOf(lock).map(({ workflowId }) => workflowId)),
];
