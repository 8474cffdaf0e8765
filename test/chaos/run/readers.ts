import { setTimeout as sleep } from 'node:timers/promises';
import type { IncidentEvent } from '../../../src/process/events.ts';
import type { Caller } from './caller.ts';
import type { Dice } from './dice.ts';
import type { Findings } from './figures.ts';
import type { Story } from './story.ts';

/** Whoever looks on: reads any incident at any time, and sees at least what was applied before. */
export class Readers {
  private isDone = false;
  private readonly stories: readonly Story[];
  private readonly caller: Caller;
  private readonly dice: Dice;
  private readonly findings: Findings;

  constructor(stories: readonly Story[], caller: Caller, dice: Dice, findings: Findings) {
    this.stories = stories;
    this.caller = caller;
    this.dice = dice;
    this.findings = findings;
  }

  /** So many at once, until `stop`. */
  async read(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.readOn()));
  }

  stop(): void {
    this.isDone = true;
  }

  /** Each open incident once, all at the same time. */
  async readAll(): Promise<void> {
    await Promise.all(
      this.open().map(({ id }) => this.caller.call(`/incidents/${id}`, { of: id })),
    );
  }

  private async readOn(): Promise<void> {
    while (!this.isDone) {
      const [first, ...others] = this.open();
      if (first) await this.readOne(this.dice.pick([first, ...others]));
      await sleep(this.dice.between(200, 1_000));
    }
  }

  private open(): Story[] {
    return this.stories.filter(({ isOpen }) => isOpen);
  }

  private async readOne(story: Story): Promise<void> {
    const what = this.dice.pick(['', '/timeline', '/post-mortem', 'list'] as const);
    if (what === 'list') {
      await this.caller.call('/incidents?status=open&limit=50', { of: 'the list' });
    } else if (what === '/timeline') await this.readTimeline(story);
    else {
      const path = `/incidents/${story.id}${what}`;
      await this.caller.call(path, { of: story.id });
    }
  }

  private async readTimeline(story: Story): Promise<void> {
    const { applied } = story;
    const path = `/incidents/${story.id}/timeline`;
    const answer = await this.caller.call<IncidentEvent[]>(path, { of: story.id });
    if (answer?.status !== 200) return;
    const seen = new Set(answer.body.map(({ requestId }) => requestId));
    const missing = applied.filter((requestId) => !seen.has(requestId));
    if (missing.length === 0) return;
    this.findings.add('other than answered', story.id, `A timeline without ${missing.join(', ')}.`);
  }
}
