import proto from '@temporalio/proto';
import { taskQueue } from '../../process/contract.ts';
import { type GatewayDeps, inTime } from './deps.ts';
import { countTroubled, type Troubled } from './trouble.ts';

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

/** A worker asks for work at least this often, in milliseconds. */
const lively = 70_000;

/** With less left, a database that grows with each signal is as good as full. In bytes. */
const leastSpace = 50_000_000;

/** Free bytes where the embedded Temporal keeps its data. */
export type FreeSpace = () => Promise<number>;

type UpOrDown = 'up' | 'down';

export interface Readiness {
  temporal: UpOrDown;
  worker: UpOrDown;
  writes: 'ok' | 'failing';
  /** Null where Temporal is elsewhere, or it cannot be told. */
  disk: 'ok' | 'full' | null;
  incidents: Troubled;
}

export async function readinessOf(
  gateway: GatewayDeps,
  freeSpace: FreeSpace | undefined,
): Promise<Readiness> {
  const disk = await diskBy(freeSpace);
  const writes = gateway.writes.areFailing ? 'failing' : 'ok';
  if (!(await temporalAnswers(gateway))) {
    const incidents = { stuck: null, paused: null };
    return { temporal: 'down', worker: 'down', writes, disk, incidents };
  }
  const [worker, incidents] = await Promise.all([workerPolls(gateway), countTroubled(gateway)]);
  return { temporal: 'up', worker: worker ? 'up' : 'down', writes, disk, incidents };
}

async function diskBy(freeSpace: FreeSpace | undefined): Promise<Readiness['disk']> {
  const free = await freeSpace?.().catch(() => undefined);
  if (free === undefined) return null;
  return free < leastSpace ? 'full' : 'ok';
}

async function temporalAnswers(gateway: GatewayDeps): Promise<boolean> {
  try {
    await inTime(gateway, () => gateway.client.workflowService.getSystemInfo({}));
    return true;
  } catch {
    return false;
  }
}

async function workerPolls(gateway: GatewayDeps): Promise<boolean> {
  const { client } = gateway;
  try {
    const { pollers } = await inTime(gateway, () =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
      }),
    );
    return (pollers ?? []).some(
      ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > Date.now() - lively,
    );
  } catch {
    return false;
  }
}
