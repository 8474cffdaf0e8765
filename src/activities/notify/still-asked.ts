import { Context } from '@temporalio/activity';
import type { HotfixMemo } from '../../process/contract.ts';
import { workflowIdOf } from '../../process/contract.ts';
import type { Notification } from '../../process/notifications.ts';

/** Whether what a message asks is still asked, as far as that can be found out. */
export type StillAsked = (notification: Notification) => Promise<boolean>;

/** A look at the incident must not hold the message up. In milliseconds. */
const patience = 2_000;

/**
 * Asks Temporal, without the workflow: its memo follows each phase. Where nobody can say, people are told
 * once too often rather than not at all.
 */
export const stillAsked: StillAsked = async ({ incidentId, during }) => {
  if (!during) return true;
  try {
    const { client } = Context.current();
    const handle = client.workflow.getHandle(workflowIdOf(incidentId));
    const description = await client.connection.withDeadline(Date.now() + patience, () =>
      handle.describe(),
    );
    const { incident } = (description.memo ?? {}) as HotfixMemo;
    if (description.closeTime) return false;
    if (!incident) return true;
    return incident.phase === during.phase && incident.attempt === during.attempt;
  } catch {
    return true;
  }
};
