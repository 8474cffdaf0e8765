import { condition } from '@temporalio/workflow';
import { rollbackIsDue } from '../process/consequences.ts';
import type { Phase } from '../process/phases.ts';
import { analysisOf } from '../process/state.ts';
import { analyse } from './analyses.ts';
import { deployments, takeBack } from './deployments.ts';
import { people } from './escalations.ts';
import { leaving, type Run } from './run.ts';

/** The process in time: what each phase does until the incident has left it. */
export const phaseSteps: Record<Phase, (run: Run) => Promise<unknown>> = {
  declaration: people,
  quickFix: people,
  quickReview: people,
  deploy: (run) => Promise.all([people(run), deployments(run)]),
  verify: (run) => Promise.all([people(run), soak(run), rollback(run)]),
  postMortem: people,
};

/** Intensive monitoring, until its time has ended or it is of no use any more. */
async function soak(run: Run): Promise<void> {
  const { terms, attempt } = run.state;
  if (!terms.monitored || analysisOf(run.state, 'production', 'deploy')?.result) return;
  const left = leaving(run);
  const isUseless = () => left() || rollbackIsDue(run.state);
  await analyse(run, { environment: 'production', after: 'deploy', attempt }, isUseless);
}

async function rollback(run: Run): Promise<void> {
  const left = leaving(run);
  await condition(() => left() || rollbackIsDue(run.state));
  if (!left()) await takeBack(run);
}
