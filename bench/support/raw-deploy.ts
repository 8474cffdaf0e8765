import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import type { DeployStep } from '../../src/process/outcomes.ts';
import { activities } from '../../src/workflows/activities.ts';

/** The activity asks for its lock on its own task queue. */
export { deployLock } from '../../src/workflows/deployLock.ts';

/** The least that a deploy by signal can be: waits for it, and runs the activity. */
export async function rawDeploy(step: DeployStep): Promise<unknown> {
  let isAuthorized = false;
  setHandler(defineSignal('deployAuthorized'), () => {
    isAuthorized = true;
  });
  await condition(() => isAuthorized);
  return await activities.deploy(step);
}
