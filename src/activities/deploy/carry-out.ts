import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { type Clock, serverTime } from '../clock.ts';
import { permanent } from '../failures.ts';
import type { Heart } from '../heartbeat.ts';
import { doubtful, isRefusal, isUntouched, untouched, withFacts } from './facts.ts';
import { isGivenUp } from './lock.ts';
import type { DeployAdapter, DeployRequest, Ended, Run } from './types.ts';

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
): Promise<Ended> {
  const context = Context.current();
  const signal = context.cancellationSignal;
  const now = serverTime(clock);
  const held = heldBefore(adapter, request);
  const followedSince = held?.followedSince ?? now();
  const run = held?.run ?? (await findOrBegin(adapter, request, heart, signal));
  const hold = (progress?: string) => {
    const details: Held = { adapter: adapter.name, run, progress, followedSince };
    heart.set(details);
  };
  hold();
  const following = {
    report: hold,
    signal,
    leaving,
    stopRequested: isGivenUp,
    elapsed: () => now() - followedSince,
  };
  try {
    const finished = run.finished ?? (await adapter.follow(run, request, following));
    return toResult(adapter.name, run, finished);
  } catch (error) {
    throw tellingOf(adapter.name, run, error);
  }
}

/** A failure tells the workflow what was begun, or that nothing was. */
function tellingOf(adapter: string, run: Run, error: unknown): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  if (error.type === 'ProgramNotStarted') return withFacts(error, { untouched: true });
  const { startedAt, url, before } = run;
  return withFacts(error, {
    run: { adapter, startedAt, ...(url && { url }), ...(before && { before }) },
  });
}

/**
 * Each way in which this fails says whether anything can have been begun. A system that can find its
 * runs has told that there are none before one is begun.
 */
async function findOrBegin(
  adapter: DeployAdapter,
  request: DeployRequest,
  heart: Heart<unknown>,
  signal: AbortSignal,
): Promise<Run> {
  const wasUntouched = isUntouched();
  const telling = async <T>(
    work: () => Promise<T>,
    beganNothing: (error: ApplicationFailure) => boolean,
  ): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      throw beganNothing(error) ? untouched(error, heart) : doubtful(error, request);
    }
  };
  const isAgain = Context.current().info.attempt > 1;
  const found = await telling(
    async () => adapter.find?.(request, signal, isAgain),
    () => wasUntouched,
  );
  if (found) return found;
  const isNothingThere = wasUntouched || adapter.find !== undefined;
  // What is live is asked just before it changes: a moment later it is gone.
  const before = await telling(
    async () => (request.action === 'deploy' ? adapter.live?.(request, signal) : request.before),
    () => isNothingThere,
  );
  const run = await telling(
    () => adapter.start(request, signal, before),
    (error) => isNothingThere && isRefusal(error),
  );
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
): Ended {
  return {
    ...finished,
    adapter,
    startedAt: run.startedAt,
    ...(url !== undefined && { url }),
    ...(run.before && { before: run.before }),
  };
}
