import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Analysis } from '../../src/process/analyses.ts';
import type { Incident } from './api.ts';
import { brokenRelease, evidence, lines } from './cast.ts';
import { measureLines, preflightLines } from './measured.ts';
import type { Scene } from './scene.ts';
import { paint } from './screen.ts';

/** Something that happens in the middle of an act. */
export type Interlude = (scene: Scene) => Promise<void>;

export async function declaration(scene: Scene): Promise<void> {
  const { screen, shop } = scene;
  await scene.pause(3);
  screen.step('shop', `${brokenRelease} is live: ${shop.health}`);
  screen.phase('declaration');
  const { temporal } = await scene.declare({
    title: 'The checkout is down',
    service: 'shop',
    declaration: { ...lines.declaration, impactStartedAt: shop.openedAt },
  });
  screen.step('inci', `declared: ${lines.declaration.problem}`);
  screen.step('', paint('dim', temporal.url ?? ''));
  const { preflight } = await scene.until((incident) => incident.preflight.length > 0);
  screen.steps('hotfix', [
    'tries the access to what will be needed:',
    ...preflightLines(preflight),
  ]);
  await scene.say('priorityAssessor', 'P1, a hotfix it is');
}

export async function quickFix(scene: Scene, attempt: number, fix = lines.fixReady): Promise<void> {
  scene.screen.phase('quickFix', attempt);
  await scene.say('bugFixer', `${fix.ref}: ${fix.summary}`, fix);
}

export async function quickReview(
  scene: Scene,
  attempt: number,
  beforehand?: Interlude,
): Promise<void> {
  scene.screen.phase('quickReview', attempt);
  await beforehand?.(scene);
  await scene.say('reviewer', 'approved: no breaking change, no loss of data');
  await scene.say('securityReviewer', 'approved');
}

export async function deploy(scene: Scene, attempt: number): Promise<void> {
  scene.screen.phase('deploy', attempt);
  await scene.say('deployer', 'straight to production');
  const { deploys } = await scene.until(({ phase }) => phase === 'verify');
  scene.screen.steps('deploy', outputOf(deploys));
}

/** Monitor and tester say that all is well, and the measurements bear it out. */
export async function verify(scene: Scene, attempt: number): Promise<void> {
  const { screen, shop } = scene;
  screen.phase('verify', attempt);
  await scene.pause(2);
  screen.step('shop', `${await shop.version()} is live: ${shop.health}`);
  if (shop.share < 0.95) throw new Error('The shop did not recover.');
  await scene.say('monitor', 'solved and healthy');
  await scene.say('tester', lines.quickVerified.note);
  screen.step('hotfix', 'goes on measuring until the soak of 6 s has ended');
  await scene.until(({ phase }) => phase === 'postMortem');
  await showAnalysis(scene, attempt, 'deploy');
}

export async function postMortem(
  scene: Scene,
  review = lines.incidentReviewed,
  plan: { prevention: string[] } = lines.preventionPlanned,
): Promise<void> {
  const { screen } = scene;
  screen.phase('postMortem');
  await scene.say('postMortemLead', review.summary, review);
  await scene.say('processImprover', plan.prevention.join(' '), plan);
  for (const [item, link] of Object.entries(evidence)) {
    await scene.send('bugFixer', 'checklistItemDone', { item, evidence: link }, `${item}: ${link}`);
  }
  const closed = await scene.until(({ status }) => status === 'closed');
  screen.step('hotfix', paint('green', `${closed.status}: ${closed.explanation}`));
  const report = await scene.postMortem();
  // Its timeline is what has just been seen.
  screen.print(`\n${report.replace(/\n## Timeline\n.*/s, '').trim()}\n`);
  screen.print(`The post-mortem with its timeline is in ${await keep(scene, report)}`);
  screen.print('The plots are beside it.');
}

/** Waits for the analysis to end, and shows what it measured and where its plot is. */
export async function showAnalysis(
  scene: Scene,
  attempt: number,
  after: Analysis['after'],
): Promise<Analysis> {
  const analysis = await scene.analysis(attempt, after);
  scene.screen.steps('hotfix', measureLines(analysis));
  scene.screen.step('plot', paint('dim', scene.plotAddress(analysis)));
  return analysis;
}

/** What the deploy or rollback that was last has printed. */
export const outputOf = (steps: Incident['deploys'] | Incident['rollbacks']): string[] =>
  (steps.at(-1)?.result?.output ?? '').trim().split('\n');

/** The report as a file, with the plots that it shows beside it: their addresses end with the demo. */
async function keep(scene: Scene, report: string): Promise<string> {
  const file = path.join(scene.folder, 'post-mortem.md');
  const plot = /\/incidents\/[^/\s]+\/measurements\.svg\?analysis=(\d+)/g;
  for (const [, number] of report.matchAll(plot)) {
    writeFileSync(path.join(scene.folder, `plot-${number}.svg`), await scene.plot(Number(number)));
  }
  writeFileSync(file, report.replaceAll(plot, 'plot-$1.svg'));
  return file;
}
