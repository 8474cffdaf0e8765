import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { workflowIdOf } from '../../../src/process/contract.ts';
import type { IncidentEvent } from '../../../src/process/events.ts';
import type { IncidentView } from '../../../src/process/view.ts';
import { root } from '../../support/processes.ts';
import { Caller } from './caller.ts';
import { configuration } from './configuration.ts';
import { DeploySystem } from './deploys.ts';
import { Dice } from './dice.ts';
import { Faults } from './faults.ts';
import { Findings } from './figures.ts';
import { judge } from './judge.ts';
import { Messages } from './messages.ts';
import { help, type Options, optionsOf } from './options.ts';
import { planOf } from './plan.ts';
import { Readers } from './readers.ts';
import { replayAll } from './replay.ts';
import { Site } from './site.ts';
import { Story } from './story.ts';
import { walk } from './walk.ts';

/** Exits with this where it was interrupted, as shells do. */
const interruption = 130;

/** How many read at once beside everything else. */
const readerCount = 2;

/** When the first fault comes: the first incidents are open, and none has ended. In milliseconds. */
const firstFault = 6_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

export async function main(args: string[]): Promise<number> {
  const options = optionsOf(args);
  if (!options) {
    process.stdout.write(help);
    return 0;
  }
  const run = new ChaosRun(options);
  const interrupted = new Promise<number>((resolve) => {
    const interrupt = () => resolve(interruption);
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  });
  try {
    const ended = run.run();
    ended.catch(() => {});
    return await Promise.race([ended, interrupted]);
  } finally {
    await run.end();
  }
}

class ChaosRun {
  private readonly options: Options;
  private readonly site = new Site();
  private readonly findings = new Findings();
  private readonly stories: Story[];
  private readonly messages: Messages;
  private readonly deploys: DeploySystem;

  constructor(options: Options) {
    this.options = options;
    const { seed, incidents } = options;
    this.stories = Array.from(
      { length: incidents },
      (_, index) => new Story(planOf(seed, index + 1)),
    );
    this.messages = new Messages(seed);
    this.deploys = new DeploySystem(seed, (id) => this.stories.find((one) => one.id === id)?.plan);
  }

  async run(): Promise<number> {
    const { seed, incidents, faults: wanted, open } = this.options;
    const begun = Date.now();
    await this.messages.start();
    await this.deploys.start();
    const places = { deploys: this.deploys.url, messages: this.messages.url };
    await this.site.start(configuration(places));

    const { findings, stories, messages } = this;
    const urls = this.site.urls as [string, ...string[]];
    const caller = new Caller(urls, new Dice(seed, 'calls'), findings);
    const readers = new Readers(stories, caller, new Dice(seed, 'readers'), findings);
    const faults = new Faults(this.site, readers, new Dice(seed, 'faults'));
    const progress = setInterval(() => this.tell(faults, wanted), 5_000);
    const reading = readers.read(readerCount);
    const failing = faults.run(wanted, firstFault);
    const world = { seed, caller, messages, findings };
    const waiting = stories.values();
    const walkOn = async () => {
      for (const story of waiting) await walk(story, world);
    };
    const walking = Promise.all(Array.from({ length: open }, walkOn)).then(() => faults.stop());
    await Promise.all([walking, failing]);
    readers.stop();
    await reading;
    clearInterval(progress);

    for (const story of stories.filter(({ id }) => id !== '')) await this.judge(story, caller);
    const folder = join(root, '.hotfix', 'chaos', String(seed));
    rmSync(folder, { recursive: true, force: true });
    const replayed = await replayAll(this.site.client, findings, folder);
    if (findings.all.length > 0) this.keep(folder, faults);
    const seconds = Math.round((Date.now() - begun) / 1000);
    const ends = [...this.site.workers, ...this.site.apis].reduce(
      (sum, { endedByItself }) => sum + endedByItself,
      0,
    );
    say(
      `seed ${seed}: ${incidents} incidents, ${faults.log.length} faults, ${replayed} histories replayed, ${ends} processes ended by themselves, ${seconds} s`,
    );
    say(`chaos: ${findings.line}`);
    return findings.all.length === 0 ? 0 : 1;
  }

  async end(): Promise<void> {
    this.messages.close();
    this.deploys.close();
    await this.site.stop();
    rmSync(this.site.folder, { recursive: true, force: true });
  }

  private tell(faults: Faults, wanted: number): void {
    const over = this.stories.filter(({ isOver }) => isOver).length;
    const open = this.stories.filter(({ isOpen }) => isOpen).length;
    const now = faults.now ? ` (${faults.now})` : '';
    say(
      `${over} of ${this.stories.length} incidents over, ${open} open; ${faults.log.length} of ${wanted} faults${now}; ${this.findings.all.length} findings`,
    );
  }

  private async judge(story: Story, caller: Caller): Promise<void> {
    const timeline = await this.read<IncidentEvent[]>(`/incidents/${story.id}/timeline`, caller);
    const view = await this.read<IncidentView>(`/incidents/${story.id}`, caller);
    const { findings } = this;
    if (!timeline || !view) {
      findings.add('stuck', story.id, 'It cannot be read.');
      return;
    }
    if (story.isOver && !(await this.hasEnded(story.id))) {
      findings.add('stuck', story.id, `It is ${view.status}, and its workflow does not end.`);
    }
    const runs = [...this.deploys.runs.values()].filter(
      ({ incidentId }) => incidentId === story.id,
    );
    judge({ story, timeline, view, messages: this.messages.of(story.id), runs }, findings);
  }

  /** Null where it cannot be read within a minute. */
  private async read<T>(path: string, caller: Caller): Promise<T | null> {
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500)) {
      const answer = await caller.call<T>(path, { of: path });
      if (answer?.status === 200) return answer.body;
    }
    return null;
  }

  /** What it still tells is waited for. */
  private async hasEnded(id: string): Promise<boolean> {
    const handle = this.site.client.workflow.getHandle(workflowIdOf(id));
    for (const end = Date.now() + 120_000; Date.now() < end; await sleep(500)) {
      if ((await handle.describe()).status.name !== 'RUNNING') return true;
    }
    return false;
  }

  /** What is needed to see what went wrong. */
  private keep(folder: string, { log }: Faults): void {
    mkdirSync(folder, { recursive: true });
    const { all } = this.findings;
    writeFileSync(join(folder, 'findings.json'), JSON.stringify(all, null, 2));
    writeFileSync(join(folder, 'faults.log'), `${log.join('\n')}\n`);
    const wrong = new Set(all.map(({ of }) => of));
    const stories = this.stories.filter(({ id, plan }) => wrong.has(id) || wrong.has(plan.key));
    writeFileSync(join(folder, 'stories.json'), JSON.stringify(stories, null, 2));
    for (const { figure, of, what } of all.slice(0, 20)) say(`${figure}: ${of}: ${what}`);
    say(`Histories, findings, and the logs of the processes are in ${folder}.`);
    cpSync(this.site.folder, join(folder, 'logs'), {
      recursive: true,
      filter: (file) => !file.includes('temporal'),
    });
  }
}
