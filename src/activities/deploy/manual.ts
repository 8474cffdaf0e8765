import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { DeployAdapter, DeployRequest, Finished } from './types.ts';

/** For a service that is connected to nothing yet. */
export const manualConfigSchema = z
  .strictObject({ adapter: z.literal('manual') })
  .describe('People deploy by their own means and say when it is done');
export type ManualConfig = z.infer<typeof manualConfigSchema>;

/**
 * The deployer's word that it is done is all there is. A rollback, which nobody has given their
 * word for, is not claimed to have happened.
 */
export function createManualDeploy(_config: ManualConfig, deps: Pick<Clock, 'now'>): DeployAdapter {
  const begin = (request: DeployRequest) => {
    const at = deps.now().toISOString();
    const finished: Finished = { ...saidOf(request), output: '', finishedAt: at };
    return { id: request.idempotencyKey, startedAt: at, finished };
  };
  return {
    name: 'manual',
    find: async () => undefined,
    start: async (request) => begin(request),
    follow: async (run, request) => run.finished ?? begin(request).finished,
  };
}

const saidOf = ({ action, ref, service, environment }: DeployRequest) =>
  action === 'deploy'
    ? ({
        outcome: 'succeeded',
        summary: `${ref} was deployed to ${environment} by hand: ${service} is connected to no deploy system.`,
      } as const)
    : ({
        outcome: 'failed',
        summary: `${ref} was not taken back: ${service} has no rollback connected, so roll it back by hand.`,
      } as const);
