import { ApplicationFailure, CancellationScope, condition } from '@temporalio/workflow';
import type { HotfixInput, HotfixResult } from '../process/contract.ts';
import { open, restore } from '../process/decide.ts';
import { openingSchema } from '../process/events.ts';
import { describeIssues } from '../process/signals.ts';
import {
  fileFollowUps,
  measureRollbacks,
  preflight,
  retrospective,
  sendNotifications,
  settleDoubts,
} from './errands.ts';
import { phaseSteps } from './phases.ts';
import { now, Run } from './run.ts';

/** One incident, from its declaration to the last item of its checklist. */
export async function hotfix(input: HotfixInput): Promise<HotfixResult> {
  const run = begin(input);
  // A cancellation from Temporal is an abort like any other: what is under way ends in order.
  CancellationScope.current().cancelRequested.catch(() => run.hear({ kind: 'cancelled' }));
  await CancellationScope.nonCancellable(async () => {
    await Promise.all([
      throughThePhases(run),
      preflight(run),
      measureRollbacks(run),
      retrospective(run),
      sendNotifications(run),
      fileFollowUps(run),
      settleDoubts(run),
    ]);
    await condition(() => !run.isBusy);
  });
  return run.result();
}

function begin(input: HotfixInput): Run {
  if ('timeline' in input) return new Run(restore(input.timeline), false);
  const opening = openingSchema.safeParse(input);
  if (opening.success) return new Run(open(opening.data, now()), true);
  throw ApplicationFailure.nonRetryable(
    `This is not how an incident begins; use POST /incidents. ${describeIssues(opening.error)}`,
    'BadOpening',
  );
}

async function throughThePhases(run: Run): Promise<void> {
  while (!run.isOver) await phaseSteps[run.state.phase](run);
}
