import { condition } from '@temporalio/workflow';
import { rollbackIsDue } from '../process/consequences.ts';
import { levelOf } from '../process/escalation.ts';
import { type Phase, phaseTitles } from '../process/phases.ts';
import { analysisOf } from '../process/state.ts';
import { waitingFor } from '../process/waiting.ts';
import { analyse } from './analyses.ts';
import { deployments, takeBack } from './deployments.ts';
import { leaving, type Run } from './run.ts';
import { isSetAnew, waitOf } from './timers.ts';

/** The process in time: what each phase does until the incident has left it. */
export const phaseSteps: Record<Phase, (run: Run) => Promise<unknown>> = {
  declaration: people,
  quickFix: people,
  quickReview: people,
  deploy: (run) => Promise.all([people(run), deployments(run)]),
  verify: (run) => Promise.all([people(run), soak(run), rollback(run)]),
  postMortem: people,
};

/** Waits for the people of the phase, and tells the next level each time that their time is up. */
async function people(run: Run): Promise<void> {
  const left = leaving(run);
  const isAsked = () => waitingFor(run.state).length > 0;
  while (!left()) {
    if (run.canCarryOn) await run.carryOn();
    if (isAsked()) await untilNextLevel(run, () => left() || !isAsked());
    else await condition(() => left() || isAsked());
  }
}

async function untilNextLevel(run: Run, isDone: () => boolean): Promise<void> {
  const { watch } = run.state;
  const isMoved = () => isDone() || isSetAnew(watch, run.state.watch) || run.canCarryOn;
  const isInTime = await condition(isMoved, waitOf(watch), { summary: timerName(run) });
  if (!isInTime) run.hear({ kind: 'clock' });
}

function timerName({ state: { phase, watch, terms } }: Run): string {
  const escalation = terms.policy.escalation[phase];
  const level = Math.min(watch.level + 1, escalation.levels.length);
  return `${phaseTitles[phase]}: then level ${level}, ${levelOf(escalation, level).name}`.slice(
    0,
    200,
  );
}

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
