import { setTimeout as sleep } from 'node:timers/promises';
import { analysesOf, bounded, defaultPoints } from '../../process/analyses.ts';
import type { IncidentEvent } from '../../process/events.ts';
import type { GatewayDeps } from './deps.ts';
import { type Progress, progressOf } from './progress.ts';
import { describe } from './read.ts';

/** What running activities tell; not part of the timeline, so it has no place in it. */
export interface LiveNews {
  live: 'deployProgress' | 'measurements';
  /** Compact JSON. */
  json: string;
}

/** Between two looks, in milliseconds. Workers send their news about as often. */
const period = 1_000;

/**
 * How the running activities of one incident get on. Temporal is asked once for all who watch, and
 * only while an activity is pending.
 */
export class Live {
  private news = new Map<LiveNews['live'], string>();
  private isLooking = false;
  /** Somebody asked to look since the last look began. */
  private isWanted = false;
  private readonly deps: GatewayDeps;
  private readonly id: string;
  private readonly events: readonly IncidentEvent[];
  private readonly onNews: () => void;
  private readonly signal: AbortSignal;

  constructor(
    deps: GatewayDeps,
    id: string,
    events: readonly IncidentEvent[],
    onNews: () => void,
    signal: AbortSignal,
  ) {
    this.deps = deps;
    this.id = id;
    this.events = events;
    this.onNews = onNews;
    this.signal = signal;
  }

  /** The next news that `told` has not yet, which then has it. */
  newsAfter(told: Map<LiveNews['live'], string>): LiveNews | undefined {
    for (const [live, json] of this.news) {
      if (told.get(live) === json) continue;
      told.set(live, json);
      return { live, json };
    }
    return undefined;
  }

  /** Looks until no activity is pending any more. What has just begun is pending already. */
  look(): void {
    this.isWanted = true;
    if (!this.isLooking) void this.run();
  }

  private async run(): Promise<void> {
    this.isLooking = true;
    while (this.isWanted && !this.signal.aborted) {
      this.isWanted = false;
      if (await this.isUnderWay()) this.isWanted = true;
      if (this.isWanted) await this.pause();
    }
    this.isLooking = false;
  }

  private async isUnderWay(): Promise<boolean> {
    try {
      const progress = await progressOf(this.deps, await describe(this.deps, this.id));
      this.hear(progress);
      return progress.isUnderWay;
    } catch {
      // Temporal does not answer now. Whoever follows the events finds out for good.
      return true;
    }
  }

  private hear({ deploy, monitoring }: Progress): void {
    const analysis = monitoring && analysesOf(this.events, monitoring).at(-1);
    const before = this.news;
    this.news = new Map();
    if (deploy) this.news.set('deployProgress', JSON.stringify(deploy));
    if (analysis?.state === 'running') {
      this.news.set('measurements', JSON.stringify(bounded(analysis, defaultPoints)));
    }
    if ([...this.news].some(([live, json]) => before.get(live) !== json)) this.onNews();
  }

  private async pause(): Promise<void> {
    await sleep(period, undefined, { signal: this.signal }).catch(() => {});
  }
}
