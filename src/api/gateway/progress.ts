import type { WorkflowExecutionDescription } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { z } from 'zod';
import type { MonitorProgress } from '../../process/outcomes.ts';
import { monitorProgressSchema } from '../schemas.ts';
import type { GatewayDeps } from './deps.ts';

/** A deploy or rollback that goes on, as the heartbeats of its activity carry it. */
export interface DeployProgress {
  action: 'deploy' | 'rollback';
  adapter: string;
  startedAt: string;
  /** Where to look at this run in the deploy system. */
  url: string | null;
  /** A few lines of what the deploy system shows; null while it shows nothing. */
  progress: string | null;
}

/** What the running activities of an incident tell. */
export interface Progress {
  /** Whether an activity is pending that can tell anything. */
  isUnderWay: boolean;
  deploy: DeployProgress | null;
  monitoring: MonitorProgress | null;
}

const deployDetails = z.object({
  adapter: z.string(),
  run: z.object({ startedAt: z.iso.datetime(), url: z.string().optional() }),
  progress: z.string().optional(),
});

/**
 * Reads the heartbeat details of the pending activities, which Temporal keeps beside the history.
 * What has not the expected shape, as from a worker of another version, tells nothing.
 */
export async function progressOf(
  deps: GatewayDeps,
  { raw }: WorkflowExecutionDescription,
): Promise<Progress> {
  const details = new Map<string, unknown>();
  for (const { activityType, heartbeatDetails } of raw.pendingActivities ?? []) {
    details.set(activityType?.name ?? '', await decoded(deps, heartbeatDetails?.payloads));
  }
  return {
    isUnderWay: ['deploy', 'rollback', 'monitor'].some((name) => details.has(name)),
    deploy: deployOf('rollback', details) ?? deployOf('deploy', details),
    monitoring: monitorProgressSchema.safeParse(details.get('monitor')).data ?? null,
  };
}

type Payloads = Parameters<typeof decodeArrayFromPayloads>[1];

async function decoded({ client }: GatewayDeps, payloads: Payloads): Promise<unknown> {
  try {
    const [first] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
    return first;
  } catch {
    return undefined;
  }
}

function deployOf(
  action: DeployProgress['action'],
  details: ReadonlyMap<string, unknown>,
): DeployProgress | null {
  const { data } = deployDetails.safeParse(details.get(action));
  if (!data) return null;
  const { adapter, run, progress } = data;
  return {
    action,
    adapter,
    startedAt: run.startedAt,
    url: run.url ?? null,
    progress: progress ?? null,
  };
}
