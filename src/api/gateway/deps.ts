import type { Client } from '@temporalio/client';
import { workflowIdOf } from '../../process/contract.ts';

export interface GatewayDeps {
  client: Client;
  /** Where the Temporal UI is; without it answers have no link. */
  uiUrl: string | undefined;
  /** How long an answer of the workflow is waited for, in milliseconds. */
  answerTimeout: number;
}

/** Where to look at the incident in Temporal. */
export interface TemporalLink {
  workflowId: string;
  runId: string;
  url: string | null;
}

export function linkOf({ client, uiUrl }: GatewayDeps, id: string, runId: string): TemporalLink {
  const workflowId = workflowIdOf(id);
  const { namespace } = client.options;
  const url = uiUrl
    ? `${uiUrl}/namespaces/${namespace}/workflows/${workflowId}/${runId}/history`
    : null;
  return { workflowId, runId, url };
}

/** Runs calls to Temporal that give up in time. */
export const inTime = <T>({ client, answerTimeout }: GatewayDeps, call: () => Promise<T>) =>
  client.connection.withDeadline(Date.now() + answerTimeout, call);
