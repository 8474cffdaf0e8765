import {
  declaration,
  deploy,
  type Interlude,
  outputOf,
  postMortem,
  quickFix,
  quickReview,
  showAnalysis,
  verify,
} from '../acts.ts';
import { brokenRelease, mistaken } from '../cast.ts';
import type { Scene } from '../scene.ts';
import { paint } from '../screen.ts';

/** The first fix does not help: it is measured, taken back, and the second attempt comes through. */
export async function regression(scene: Scene, beforeReview?: Interlude): Promise<void> {
  await declaration(scene);
  await quickFix(scene, 1, mistaken.fixReady);
  await quickReview(scene, 1, beforeReview);
  await deploy(scene, 1);
  await failedVerification(scene);
  await rollback(scene);
  await quickFix(scene, 2);
  await quickReview(scene, 2);
  await deploy(scene, 2);
  await verify(scene, 2);
  await postMortem(scene, mistaken.incidentReviewed, mistaken.preventionPlanned);
}

/** The measurements fail, the monitor is advised, and answers. */
async function failedVerification(scene: Scene): Promise<void> {
  const { screen, shop } = scene;
  screen.phase('verify', 1);
  screen.step('hotfix', 'measures the shop; of each measure 3 measurements may fail');
  const { outcome } = await showAnalysis(scene, 1, 'deploy');
  if (outcome !== 'failed') throw new Error('The measurements did not fail.');
  screen.step('shop', `${await shop.version()} is live: ${shop.health}`);
  const { waitingFor } = await scene.until(({ monitoring }) => monitoring !== null);
  const asked = waitingFor.find(({ role }) => role === 'monitor');
  screen.step('hotfix', paint('bold', `asks the monitor. ${asked?.advice}`));
  await scene.say(
    'monitor',
    `not solved: ${mistaken.systemVerified.note}`,
    mistaken.systemVerified,
  );
}

/** What was live before is live again; it is measured, too, and it is as broken as it was. */
async function rollback(scene: Scene): Promise<void> {
  const { screen, shop } = scene;
  screen.step('hotfix', `the verification has failed: takes ${mistaken.fixReady.ref} back`);
  const { rollbacks } = await scene.until(({ rollbacks: [first] }) => Boolean(first?.result));
  screen.steps('rollback', outputOf(rollbacks));
  const version = await shop.version();
  if (version !== brokenRelease) throw new Error(`${version} is live, not ${brokenRelease}.`);
  screen.step('shop', `${version} is live again, as before the deploy`);
  await showAnalysis(scene, 1, 'rollback');
  screen.step('hotfix', 'no worse and no better than before: the next attempt begins');
}
