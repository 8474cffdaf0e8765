import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Phase, roles } from '../src/process/phases.ts';
import { HotfixApi, type Incident } from './demo/api.ts';
import { evidence, lines } from './demo/cast.ts';
import { healthLine, paint, Screen } from './demo/screen.ts';
import { Service } from './demo/service.ts';
import { demoSettings } from './demo/settings.ts';
import { ShopInTrouble } from './demo/shop.ts';

const help = `npm run demo [-- OPTIONS]

A shop is really broken. The demo declares the incident, plays the ten roles through the public API,
deploys the fix, and watches the shop recover. It takes about half a minute.

  --late-review   nobody reviews in time: the review escalates (with a limit of 4 s instead of 15 min)
  --keep          leaves everything running until Ctrl-C, to look around in the Temporal UI
  --help          this
`;

interface Options {
  isLate: boolean;
  isKept: boolean;
}

/** A moment for people to read along, in milliseconds. */
const beat = 700;

const screen = new Screen();

async function demo({ isLate, isKept }: Options, interrupted: Promise<void>): Promise<void> {
  const settings = await demoSettings(isLate ? '4s' : '15m');
  const service = new Service(settings);
  const shop = new ShopInTrouble(settings);
  try {
    const story = async () => {
      screen.title('A shop is broken. Ten roles bring it back.');
      await service.ready();
      screen.print(`  Temporal UI  ${settings.temporalUi}`);
      screen.print(`  API          ${settings.api}/docs`);
      screen.print(`  shop         ${settings.shop}`);
      await shop.open('v41', (shares) => screen.health(shares));
      await tell(new HotfixApi(settings.api), shop, isLate, settings.folder);
      if (!isKept) return;
      screen.print('\nEverything keeps running. Ctrl-C ends it.');
      await interrupted;
    };
    const told = story();
    // Interrupted, the story ends wherever it is; what it then misses is no news.
    told.catch(() => {});
    await Promise.race([told, interrupted]);
  } finally {
    screen.close();
    await shop.close();
    await service.stop();
  }
}

async function tell(api: HotfixApi, shop: ShopInTrouble, isLate: boolean, folder: string) {
  await sleep(3 * beat);
  screen.step('shop', `v41 is live: ${healthLine(shop.shares)}`);

  screen.phase('declaration');
  const { id, temporal } = await api.declare({
    title: 'The checkout is down',
    service: 'shop',
    declaration: lines.declaration,
  });
  screen.step('inci', `declared: ${lines.declaration.problem}`);
  screen.step('', paint('dim', temporal.url ?? ''));
  const say = sayerFor(api, id);
  await say('priorityAssessor', 'priorityAssessed', 'P1, a hotfix it is');

  screen.phase('quickFix');
  await say('bugFixer', 'fixReady', `v42: ${lines.fixReady.summary}`);

  screen.phase('quickReview');
  if (isLate) await lateReview(api, id);
  await say('reviewer', 'sanityChecked', 'approved: no breaking change, no loss of data');
  await say('securityReviewer', 'securityChecked', 'approved');

  screen.phase('deploy');
  await say('deployer', 'deployAuthorized', 'straight to production');
  const deployed = await api.until(id, at('verify'));
  for (const line of outputOf(deployed)) screen.step('deploy', line);

  screen.phase('verify');
  await sleep(2 * beat);
  screen.step('shop', `v42 is live: ${healthLine(shop.shares)}`);
  if (shop.share < 0.95) throw new Error('The shop did not recover.');
  await say('monitor', 'systemVerified', 'solved and healthy');
  await say('tester', 'quickVerified', lines.quickVerified.note);
  screen.step('hotfix', 'goes on measuring until the soak of 6 s has ended');
  const mitigated = await api.until(id, at('postMortem'));
  for (const measure of mitigated.monitoring?.measures ?? []) {
    screen.step(
      'hotfix',
      `${measure.name} ${measure.outcome}: ${measure.counts.passed} of ${measure.counts.passed + measure.counts.failed} good`,
    );
  }

  screen.phase('postMortem');
  await say('postMortemLead', 'incidentReviewed', lines.incidentReviewed.summary);
  await say('processImprover', 'preventionPlanned', lines.preventionPlanned.prevention.join(' '));
  for (const [item, link] of Object.entries(evidence)) {
    await api.signal(id, 'checklistItemDone', { item, evidence: link }, 'bug-fixer');
    screen.step('bug-fixer', `${item}: ${link}`);
  }
  const closed = await api.until(id, ({ status }) => status === 'closed');
  screen.step('hotfix', paint('green', `${closed.status}: ${closed.explanation}`));

  const report = await api.postMortem(id);
  const file = path.join(folder, 'post-mortem.md');
  writeFileSync(file, report);
  screen.print(`\n${report.trim()}\n`);
  screen.print(`The post-mortem is in ${file}`);
}

/** Says a role's line, under the role's own name, after a moment. */
const sayerFor =
  (api: HotfixApi, id: string) =>
  async (
    role: keyof typeof roles,
    signal: keyof typeof lines,
    words: string,
  ): Promise<Incident> => {
    await sleep(beat);
    const { defaultActor } = roles[role];
    const incident = await api.signal(id, signal, lines[signal], defaultActor);
    screen.step(defaultActor, words);
    return incident;
  };

const outputOf = ({ deploys }: Incident): string[] =>
  (deploys.at(-1)?.result?.output ?? '').trim().split('\n');

const at = (phase: Phase) => (incident: Incident) => incident.phase === phase;

async function lateReview(api: HotfixApi, id: string): Promise<void> {
  screen.step(
    '',
    paint('bold', 'the limit is 4 s in this demo instead of 15 min, and nobody comes'),
  );
  for (const level of [1, 2]) {
    await api.until(id, ({ escalation }) => escalation.level >= level);
    screen.step('hotfix', paint('red', `the review is late: level ${level} is told`));
  }
  await api.signal(id, 'escalationAcknowledged', { note: 'I wake them up.' }, 'inci');
  screen.step('inci', 'acknowledged: I wake them up.');
}

function readOptions(): Options | 'help' {
  const { values } = parseArgs({
    options: {
      'late-review': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values.help ? 'help' : { isLate: values['late-review'], isKept: values.keep };
}

try {
  const options = readOptions();
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
  if (options === 'help') process.stdout.write(help);
  else await demo(options, interrupted);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
