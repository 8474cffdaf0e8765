import type { Client } from '@temporalio/client';
import {
  queries,
  taskQueue,
  type VerdictAnswer,
  workflowIdOf,
  workflowType,
} from '../../src/process/contract.ts';
import { open } from '../../src/process/decide.ts';
import { type IncidentRequest, type Opening, openingSchema } from '../../src/process/events.ts';
import { viewOf } from '../../src/process/view.ts';
import { fixedAttributesOf, movingAttributesOf } from '../../src/workflows/searchAttributes.ts';

/** What starts an incident without the API: all that the API gives, so that Temporal has the same to do. */
export function rawStart(id: string, request: IncidentRequest) {
  const opening: Opening = openingSchema.parse({ id, request, by: 'api' });
  const { state } = open(opening, new Date().toISOString());
  return {
    workflowId: workflowIdOf(id),
    taskQueue,
    args: [opening],
    memo: { incident: viewOf(state), generation: 1 },
    typedSearchAttributes: [...fixedAttributesOf(state), ...movingAttributesOf(state)],
    staticSummary: request.title,
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    workflowIdConflictPolicy: 'FAIL' as const,
  };
}

export const startRaw = (client: Client, options: ReturnType<typeof rawStart>) =>
  client.workflow.start(workflowType, options);

/** A signal and the question what became of it, as the API puts it; no acceptance is an error. */
export async function signalRaw(
  client: Client,
  id: string,
  name: string,
  argument: { requestId: string },
): Promise<void> {
  const handle = client.workflow.getHandle(workflowIdOf(id));
  await handle.signal(name, argument);
  const { verdict } = await handle.query<VerdictAnswer, [string]>(
    queries.verdict,
    argument.requestId,
  );
  if (!verdict?.accepted) throw new Error(`${name} was not accepted: ${JSON.stringify(verdict)}`);
}
