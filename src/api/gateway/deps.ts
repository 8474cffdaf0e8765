import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { FastifyBaseLogger } from 'fastify';
import { workflowIdOf } from '../../process/contract.ts';
import { isNotReady } from '../problems.ts';
import { Answers } from './answers.ts';
import { Limits, type Most } from './limits.ts';
import { Questions } from './questions.ts';
import { Verdicts } from './verdicts.ts';
import { Writes } from './writes.ts';

/** How Temporal is reached. */
export interface TemporalDeps {
  client: Client;
  /** Where the Temporal UI is; without it answers have no link. */
  uiUrl: string | undefined;
  logger: FastifyBaseLogger;
  /** How long an answer of the workflow is waited for, in milliseconds. */
  answerTimeout: number;
  /** How long Temporal itself is waited for, in milliseconds. */
  temporalTimeout: number;
}

/** How an incident is asked. */
export interface AskingDeps extends TemporalDeps {
  questions: Questions;
}

export interface GatewayDeps extends AskingDeps {
  answers: Answers;
  limits: Limits;
  verdicts: Verdicts;
  writes: Writes;
}

export function gatewayTo(temporal: TemporalDeps, most?: Most): GatewayDeps {
  const asking = { ...temporal, questions: new Questions() };
  return {
    ...asking,
    answers: new Answers(),
    limits: new Limits(most),
    verdicts: new Verdicts((id, ...question) => ask(asking, id, ...question)),
    writes: new Writes(),
  };
}

/** Where to look at the incident in Temporal. */
export interface TemporalLink {
  workflowId: string;
  runId: string;
  url: string | null;
}

export function linkOf({ client, uiUrl }: TemporalDeps, id: string, runId: string): TemporalLink {
  const workflowId = workflowIdOf(id);
  const { namespace } = client.options;
  const url = uiUrl
    ? `${uiUrl}/namespaces/${namespace}/workflows/${workflowId}/${runId}/history`
    : null;
  return { workflowId, runId, url };
}

/** Between two tries of a query, in milliseconds. */
const pause = 50;

/**
 * Asks the workflow, and gives up in time. For a moment at its start, and where it goes on in a new
 * history, a workflow cannot be asked yet: that is no answer, and it is asked again.
 */
export const ask = <T>(
  deps: AskingDeps,
  id: string,
  query: string,
  ...args: unknown[]
): Promise<T> =>
  deps.questions.ask(id, JSON.stringify([query, ...args]), () => put<T>(deps, id, query, args));

async function put<T>(deps: TemporalDeps, id: string, query: string, args: unknown[]): Promise<T> {
  const handle = deps.client.workflow.getHandle(workflowIdOf(id));
  const end = Date.now() + deps.answerTimeout;
  for (;;) {
    try {
      const call = () => handle.query<T, unknown[]>(query, ...args);
      return await deps.client.connection.withDeadline(end, call);
    } catch (error) {
      if (!isNotReady(error) || Date.now() + pause >= end) throw error;
      await sleep(pause);
    }
  }
}

/** Runs calls to Temporal that give up in time: one that hangs must not take its callers with it. */
export const inTime = <T>(
  { client, temporalTimeout }: TemporalDeps,
  call: () => Promise<T>,
  patience = temporalTimeout,
): Promise<T> => client.connection.withDeadline(Date.now() + patience, call);

/** The same for what Temporal is to keep. */
export const writeInTime = <T>(deps: GatewayDeps, call: () => Promise<T>): Promise<T> =>
  deps.writes.watch(() => inTime(deps, call));
