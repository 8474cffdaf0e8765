import type { Client } from '@temporalio/client';
import {
  type HotfixInput,
  queries,
  taskQueue,
  type VerdictAnswer,
  workflowIdOf,
  workflowType,
} from '../../src/process/contract.ts';
import { open, restore } from '../../src/process/decide.ts';
import {
  type IncidentEvent,
  type IncidentRequest,
  type Opening,
  openingSchema,
  type ServiceTerms,
} from '../../src/process/events.ts';
import type { State } from '../../src/process/state.ts';
import { viewOf } from '../../src/process/view.ts';
import { fixedAttributesOf, movingAttributesOf } from '../../src/workflows/searchAttributes.ts';

export const openingOf = (id: string, request: IncidentRequest, terms?: ServiceTerms): Opening =>
  openingSchema.parse({ id, request, by: 'api', terms });

/** What starts an incident without the API: all that the API gives, so that Temporal has the same to do. */
export function rawStart(id: string, request: IncidentRequest, terms?: ServiceTerms) {
  const opening = openingOf(id, request, terms);
  return startOf(open(opening, new Date().toISOString()).state, opening);
}

/** The same for an incident that is under way: it goes on where its timeline ends. */
export const rawCarryOn = (timeline: IncidentEvent[]) =>
  startOf(restore(timeline).state, { timeline });

function startOf(state: State, input: HotfixInput) {
  return {
    workflowId: workflowIdOf(state.id),
    taskQueue,
    args: [input],
    memo: { incident: viewOf(state), generation: 1 },
    typedSearchAttributes: [...fixedAttributesOf(state), ...movingAttributesOf(state)],
    staticSummary: state.request.title,
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

/** Where workflows of the raw SDK are run. */
export const rawTaskQueue = 'hotfix-bench';
