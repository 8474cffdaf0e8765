import { rmSync } from 'node:fs';
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
import { keepEvidence, replayAll } from './evidence.ts';
import { Faults } from './faults.ts';
import { Findings } from './figures.ts';
import { judge } from './judge.ts';
import { judgeList } from './list.ts';
import { Messages } from './messages.ts';
import type { Options } from './options.ts';
import { planOf } from './plan.ts';
import { Readers } from './readers.ts';
import { Site } from './site.ts';
import { Story } from './story.ts';
import { walk } from './walk.ts';

/** How many read at once beside everything else. */
const readerCount = 2;

/** When the first fault comes: the first incidents are open, and few have ended. In milliseconds. */
const firstFault = 6_000;

/** How long whatever an incident still tells at its end is waited for, in milliseconds. */
const lastWords = 120_000;

export const say = (line: string) => process.stdout.write(`${line}\n`);

/** One run, from the start of the processes to the line of figures. */
export class Run {
  private readonly options: Options;
  private readonly site = new Site();
  private readonly findings = new Findings();
  private readonly stories: Story[];
  private readonly messages: Messages;
  private readonly deploys: DeploySystem;
  private readonly caller: Caller;
  private readonly readers: Readers;
  private readonly faults: Faults;
  private readonly begun = Date.now();

  constructor(options: Options) {
    this.options = options;
    const { seed, incidents } = options;
    const { site, findings } = this;
    this.stories = Array.from(
      { length: incidents },
      (_, index) => new Story(planOf(seed, index + 1)),
    );
    this.messages = new Messages(seed);
    this.deploys = new DeploySystem(seed, (id) => this.stories.find((one) => one.id === id)?.plan);
    this.caller = new Caller(site.urls, new Dice(seed, 'calls'), findings);
    this.readers = new Readers(this.stories, this.caller, new Dice(seed, 'readers'), findings);
    this.faults = new Faults(site, this.readers, new Dice(seed, 'faults'));
  }

  /** Resolves with the exit code. */
  async run(): Promise<number> {
    await this.messages.start();
    await this.deploys.start();
    const places = { deploys: this.deploys.url, messages: this.messages.url };
    await this.site.start(configuration(places));
    await this.walkAll();
    await this.judgeAll();
    return this.conclude();
  }

  /** Ends every process. */
  async end(): Promise<void> {
    this.messages.close();
    this.deploys.close();
    await this.site.stop();
    rmSync(this.site.folder, { recursive: true, force: true });
  }

  /** Every incident to its end, so many at once, with faults and readers beside. */
  private async walkAll(): Promise<void> {
    const { seed, faults: count, open } = this.options;
    const { caller, messages, findings, readers, faults } = this;
    const progress = setInterval(() => this.tell(), 5_000);
    const reading = readers.read(readerCount);
    const waiting = this.stories.values();
    const walkOn = async () => {
      for (const story of waiting) await walk(story, { seed, caller, messages, findings, faults });
    };
    const walking = Promise.all(Array.from({ length: open }, walkOn)).then(() => faults.stop());
    try {
      await Promise.all([walking, faults.run(count, firstFault, () => this.progress)]);
    } finally {
      readers.stop();
      clearInterval(progress);
    }
    await reading;
  }

  /** The share of the incidents that are over, among those that wait for a place: from 0 to 1. */
  private get progress(): number {
    const { incidents, open } = this.options;
    return incidents > open ? this.over / (incidents - open) : 1;
  }

  private get over(): number {
    return this.stories.filter(({ isOver }) => isOver).length;
  }

  private tell(): void {
    const { stories, faults, findings, options, over } = this;
    const open = stories.filter(({ isOpen }) => isOpen).length;
    const failing = faults.now && ` (${faults.now})`;
    say(
      `${over} of ${stories.length} incidents over, ${open} open; ${faults.log.length} of ${options.faults} faults${failing}; ${findings.all.length} findings`,
    );
  }

  private async judgeAll(): Promise<void> {
    for (const story of this.stories.filter(({ id }) => id !== '')) await this.judge(story);
    await judgeList(this.stories, this.caller, this.findings);
  }

  private async judge(story: Story): Promise<void> {
    const { caller, deploys, findings } = this;
    const timeline = await caller.read<IncidentEvent[]>(`/incidents/${story.id}/timeline`);
    const view = await caller.read<IncidentView>(`/incidents/${story.id}`);
    if (!timeline || !view) {
      findings.add('stuck', story.id, 'It cannot be read.');
      return;
    }
    if (story.isOver && !(await this.hasEnded(story.id))) {
      findings.add('stuck', story.id, `It is ${view.status}, and its workflow does not end.`);
    }
    const { service } = story.plan;
    const neighbours = [...deploys.runs.values()].filter((run) => run.service === service);
    const runs = neighbours.filter(({ incidentId }) => incidentId === story.id);
    const messages = this.messages.of(story.id);
    judge({ story, timeline, view, messages, runs, neighbours }, findings);
  }

  private async hasEnded(id: string): Promise<boolean> {
    const handle = this.site.client.workflow.getHandle(workflowIdOf(id));
    for (const end = Date.now() + lastWords; Date.now() < end; await sleep(500)) {
      if ((await handle.describe()).status.name !== 'RUNNING') return true;
    }
    return false;
  }

  private async conclude(): Promise<number> {
    const { site, findings, faults, stories, options } = this;
    const folder = join(root, '.hotfix', 'chaos', String(options.seed));
    rmSync(folder, { recursive: true, force: true });
    const replayed = await replayAll(site.client, findings, folder);
    const isGood = findings.all.length === 0;
    if (!isGood) keepEvidence({ folder, findings, faults: faults.log, stories, logs: site.folder });
    for (const { figure, of, what } of findings.all.slice(0, 20)) say(`${figure}: ${of}: ${what}`);
    if (!isGood) say(`Histories, findings and logs are in ${folder}.`);
    const seconds = Math.round((Date.now() - this.begun) / 1000);
    const { incidents, seed } = options;
    say(
      `chaos: seed ${seed}, ${incidents} incidents, ${faults.log.length} faults, ${replayed} histories, ${seconds} s: ${findings.line}`,
    );
    return isGood ? 0 : 1;
  }
}
