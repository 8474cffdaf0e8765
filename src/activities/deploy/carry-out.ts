import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { DeployResult } from '../../process/outcomes.ts';
import { type Clock, serverTime } from '../clock.ts';
import { permanent } from '../failures.ts';
import type { Heart } from '../heartbeat.ts';
import { isGivenUp } from './lock.ts';
import type { DeployAdapter, DeployRequest, Run } from './types.ts';

const finishedSchema = z.object({
  outcome: z.enum(['succeeded', 'failed']),
  summary: z.string(),
  output: z.string(),
  url: z.string().optional(),
  finishedAt: z.string(),
});

export const liveSchema = z.object({
  version: z.string(),
  restore: z.record(z.string(), z.string()),
});

const heldSchema = z.object({
  adapter: z.string(),
  run: z.object({
    id: z.string(),
    startedAt: z.string(),
    url: z.string().optional(),
    memory: z.record(z.string(), z.string()).optional(),
    before: liveSchema.optional(),
    finished: finishedSchema.optional(),
  }),
  progress: z.string().optional(),
  followedSince: z.number().optional(),
});

/** What a deploy's heartbeats carry. */
interface Held {
  adapter: string;
  run: Run;
  progress?: string | undefined;
  /** By the time of the server, which is the same for every worker; in milliseconds. */
  followedSince?: number | undefined;
}

/**
 * The one place that begins deploys. What an earlier attempt of this activity has begun is followed
 * (known from its heartbeats, else asked of the deploy system), and only where there is nothing is
 * something begun.
 */
export async function carryOut(
  adapter: DeployAdapter,
  request: DeployRequest,
  heart: Heart<unknown>,
  { clock, leaving }: { clock: Pick<Clock, 'monotonic'>; leaving: AbortSignal },
): Promise<DeployResult> {
  const context = Context.current();
  const signal = context.cancellationSignal;
  const now = serverTime(clock);
  const held = heldBefore(adapter, request);
  const followedSince = held?.followedSince ?? now();
  const run =
    held?.run ??
    (await adapter.find(request, signal, context.info.attempt > 1)) ??
    (await begin(adapter, request, signal));
  const hold = (progress?: string) => {
    const details: Held = { adapter: adapter.name, run, progress, followedSince };
    heart.set(details);
  };
  hold();
  const finished =
    run.finished ??
    (await adapter.follow(run, request, {
      report: hold,
      signal,
      leaving,
      stopRequested: isGivenUp,
      elapsed: () => now() - followedSince,
    }));
  return toResult(adapter.name, run, finished);
}

/** What is live is asked just before it changes: a moment later it is gone. */
async function begin(
  adapter: DeployAdapter,
  request: DeployRequest,
  signal: AbortSignal,
): Promise<Run> {
  const before =
    request.action === 'deploy' ? await adapter.live?.(request, signal) : request.before;
  const run = await adapter.start(request, signal, before);
  return before === undefined ? run : { ...run, before };
}

function heldBefore(adapter: DeployAdapter, request: DeployRequest): Held | undefined {
  const held = heldSchema.safeParse(Context.current().info.heartbeatDetails).data;
  if (held && held.adapter !== adapter.name) {
    throw permanent(
      'OutcomeUnknown',
      `This ${request.action} was begun by the adapter "${held.adapter}" (${held.run.url ?? held.run.id}), and ${request.service} is now configured for "${adapter.name}": see there how it ended.`,
    );
  }
  return held;
}

function toResult(
  adapter: string,
  run: Run,
  { url = run.url, ...finished }: NonNullable<Run['finished']>,
): DeployResult {
  return {
    ...finished,
    adapter,
    startedAt: run.startedAt,
    ...(url !== undefined && { url }),
    ...(run.before && { before: run.before }),
  };
}
