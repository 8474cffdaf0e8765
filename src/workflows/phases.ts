import { CancellationScope, condition } from '@temporalio/workflow';
import { rollbackIsDue } from '../process/consequences.ts';
import { levelOf } from '../process/escalation.ts';
import type { DeployResult, MonitorResult } from '../process/outcomes.ts';
import { type Phase, phaseTitles } from '../process/phases.ts';
import { deployStepOf, environmentsLeft, impactStartOf, refOf } from '../process/steps.ts';
import { waitingFor } from '../process/waiting.ts';
import { type Answer, activities, answerOf } from './activities.ts';
import { now, type Run } from './run.ts';

/** The process in time: what each phase does until the incident has left it. */
export const phaseSteps: Record<Phase, (run: Run) => Promise<unknown>> = {
  declaration: people,
  quickFix: people,
  quickReview: people,
  deploy: (run) => Promise.all([people(run), deployments(run)]),
  verify: (run) => Promise.all([people(run), monitoring(run), rollback(run)]),
  postMortem: people,
};

/** True once the incident has left the phase and attempt that it is in now. */
function leaving(run: Run): () => boolean {
  const { phase, attempt } = run.state;
  return () => run.isOver || run.state.phase !== phase || run.state.attempt !== attempt;
}

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
  const { nextAt } = run.state.watch;
  const isMoved = () => isDone() || run.state.watch.nextAt !== nextAt || run.canCarryOn;
  const wait = Math.max(1, Date.parse(nextAt) - Date.parse(now()));
  const isInTime = await condition(isMoved, wait, { summary: timerName(run) });
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

async function deployments(run: Run): Promise<void> {
  const left = leaving(run);
  await condition(() => left() || environmentsLeft(run.state).length > 0);
  for (;;) {
    const [environment] = environmentsLeft(run.state);
    if (left() || environment === undefined) return;
    const ref = refOf(run.state);
    const step = deployStepOf(run.state, 'deploy', environment);
    const startedAt = now();
    run.hear({ kind: 'deployStarted', environment, ref });
    const options = { summary: `${ref} to ${environment}, attempt ${step.attempt}` };
    const answer = await run.during(
      cancelledWhen(left, () => activities.deploy.executeWithOptions(options, [step])),
    );
    run.hear({ kind: 'deployFinished', environment, ref, result: resultOf(answer, startedAt) });
  }
}

async function monitoring(run: Run): Promise<void> {
  const { terms, monitoring: before, attempt, id, request } = run.state;
  if (!terms.monitored || before?.result) return;
  const left = leaving(run);
  const startedAt = now();
  run.hear({ kind: 'monitoringStarted' });
  const question = {
    incidentId: id,
    service: request.service,
    environment: 'production' as const,
    attempt,
    after: 'deploy' as const,
    impactStartedAt: impactStartOf(run.state),
    deployedAt: startedAt,
  };
  const options = { summary: `watching ${request.service}, attempt ${attempt}` };
  const isUseless = () => left() || rollbackIsDue(run.state);
  const answer = await run.during(
    cancelledWhen(isUseless, () => activities.monitor.executeWithOptions(options, [question])),
  );
  if (!isUseless()) run.hear({ kind: 'monitored', result: measuredOf(answer, startedAt) });
}

/** Never cancelled: half a rollback is worse than a late one. */
async function rollback(run: Run): Promise<void> {
  const left = leaving(run);
  await condition(() => left() || rollbackIsDue(run.state));
  if (left()) return;
  const ref = refOf(run.state);
  const step = deployStepOf(run.state, 'rollback', 'production');
  const startedAt = now();
  run.hear({ kind: 'rollbackStarted', ref });
  const options = { summary: `taking ${ref} back from production` };
  const answer = await run.during(
    answerOf(activities.rollback.executeWithOptions(options, [step])),
  );
  run.hear({ kind: 'rollbackFinished', ref, result: resultOf(answer, startedAt) });
}

/** Runs an activity; when `stop` becomes true it is cancelled, and its end is waited for. */
async function cancelledWhen<T>(
  stop: () => boolean,
  activity: () => Promise<T>,
): Promise<Answer<T>> {
  const scope = new CancellationScope();
  let isDone = false;
  const watch = condition(() => isDone || stop()).then(() => {
    if (!isDone) scope.cancel();
  });
  const answer = await answerOf(scope.run(activity));
  isDone = true;
  await watch;
  return answer;
}

const resultOf = (answer: Answer<DeployResult>, startedAt: string): DeployResult =>
  answer.ok
    ? answer.value
    : {
        outcome: 'failed',
        adapter: 'none',
        summary: answer.isCancelled
          ? 'Cancelled because the incident was aborted. It may have been done in part: look at production.'
          : answer.reason,
        output: '',
        startedAt,
        finishedAt: now(),
      };

const measuredOf = (answer: Answer<MonitorResult>, startedAt: string): MonitorResult =>
  answer.ok
    ? answer.value
    : {
        outcome: 'error',
        measures: [
          {
            name: 'monitoring',
            adapter: 'none',
            outcome: 'error',
            summary: answer.reason,
            counts: { passed: 0, failed: 0, inconclusive: 0, error: 1 },
            points: [],
            thresholds: [],
          },
        ],
        startedAt,
        finishedAt: now(),
      };
