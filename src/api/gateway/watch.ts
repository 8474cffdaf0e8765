import { setTimeout as sleep } from 'node:timers/promises';
import proto from '@temporalio/proto';
import { workflowIdOf } from '../../process/contract.ts';
import type { IncidentEvent } from '../../process/events.ts';
import { ApiProblem } from '../problems.ts';
import type { GatewayDeps } from './deps.ts';
import { Live, type LiveNews } from './live.ts';
import { describe, readTimeline } from './read.ts';
import { isOpen } from './trouble.ts';

const { HISTORY_EVENT_FILTER_TYPE_ALL_EVENT } = proto.temporal.api.enums.v1.HistoryEventFilterType;

/** Temporal answers a long poll within a minute, with or without news. In milliseconds. */
const longPoll = 70_000;
const retryAfter = 2_000;

/**
 * What several callers see of one incident: its events as they happen. Temporal is asked once for all
 * of them, by a long poll of the history, and only while somebody watches.
 */
class Watch {
  readonly events: IncidentEvent[] = [];
  watchers = 0;
  isOver = false;
  readonly live: Live;
  private readonly stopping = new AbortController();
  private wake: () => void = () => {};
  private news: Promise<void>;
  private readonly deps: GatewayDeps;
  private readonly id: string;

  constructor(deps: GatewayDeps, id: string) {
    this.deps = deps;
    this.id = id;
    this.news = this.nextNews();
    const onNews = () => this.announce();
    this.live = new Live(deps, id, this.events, onNews, this.stopping.signal);
  }

  /** Resolves when there is something new: events, progress, or the end. */
  changed(): Promise<void> {
    return this.news;
  }

  stop(): void {
    this.stopping.abort();
    this.end();
  }

  async run(): Promise<void> {
    while (!this.stopping.signal.aborted && !this.isOver) {
      try {
        await this.follow();
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 404) return this.end();
        await this.pause();
      }
    }
  }

  /** One run's history, from now until it ends or goes on in the next. */
  private async follow(): Promise<void> {
    const description = await describe(this.deps, this.id);
    await this.read();
    if (!isOpen(description)) return this.end();
    for await (const _ of this.historyOf(description.runId)) {
      await this.read();
      this.live.look();
    }
  }

  private async read(): Promise<void> {
    const events = await readTimeline(this.deps, this.id, this.events.at(-1)?.seq);
    if (events.length === 0) return;
    this.events.push(...events);
    this.announce();
  }

  /** Yields when a task of the workflow is over, for only that makes events; ends with the run. */
  private async *historyOf(runId: string): AsyncGenerator<void> {
    const { connection, options } = this.deps.client;
    const request = {
      namespace: options.namespace,
      execution: { workflowId: workflowIdOf(this.id), runId },
      waitNewEvent: true,
      historyEventFilterType: HISTORY_EVENT_FILTER_TYPE_ALL_EVENT,
    };
    let nextPageToken: Uint8Array | undefined;
    // The SDK does not notice a signal that was aborted before its call.
    while (!this.stopping.signal.aborted) {
      const token = nextPageToken === undefined ? {} : { nextPageToken };
      const answer = await connection.withAbortSignal(this.stopping.signal, () =>
        connection.withDeadline(Date.now() + longPoll, () =>
          this.deps.client.workflowService.getWorkflowExecutionHistory({ ...request, ...token }),
        ),
      );
      nextPageToken = answer.nextPageToken;
      if (answer.history?.events?.some((event) => event.workflowTaskCompletedEventAttributes))
        yield;
      if (!nextPageToken?.length) return;
    }
  }

  private nextNews(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private announce(): void {
    const { wake } = this;
    this.news = this.nextNews();
    wake();
  }

  private end(): void {
    this.isOver = true;
    this.announce();
  }

  /** Until the next try, or the stop. */
  private pause(): Promise<void> {
    return sleep(retryAfter, undefined, { signal: this.stopping.signal }).catch(() => {});
  }
}

export type News = IncidentEvent | LiveNews;

/** Live events of all incidents. */
export class Watches {
  private readonly watches = new Map<string, Watch>();
  private readonly running = new Set<Promise<void>>();
  private readonly deps: GatewayDeps;

  constructor(deps: GatewayDeps) {
    this.deps = deps;
  }

  /**
   * The events after `after`, then each as it happens, and what running activities tell meanwhile,
   * until the incident is over. Yields null where nothing has happened for `quiet` milliseconds, so
   * that the connection can be kept alive.
   */
  async *follow(id: string, after: number, quiet: number): AsyncGenerator<News | null> {
    const watch = this.join(id);
    const told = new Map<LiveNews['live'], string>();
    try {
      for (let last = after; ; ) {
        const event = watch.events.find(({ seq }) => seq > last);
        if (event) {
          last = event.seq;
          yield event;
          continue;
        }
        if (watch.isOver) return;
        const progress = watch.live.newsAfter(told);
        if (progress) yield progress;
        else if (!(await inTime(watch.changed(), quiet))) yield null;
      }
    } finally {
      this.leave(id, watch);
    }
  }

  /** Ends every stream, and resolves when none has a question with Temporal any more. */
  async stop(): Promise<void> {
    for (const watch of this.watches.values()) watch.stop();
    this.watches.clear();
    await Promise.all(this.running);
  }

  private join(id: string): Watch {
    const watch = this.watches.get(id) ?? this.begin(id);
    watch.watchers += 1;
    return watch;
  }

  private begin(id: string): Watch {
    const watch = new Watch(this.deps, id);
    this.watches.set(id, watch);
    const run = watch.run().finally(() => this.running.delete(run));
    this.running.add(run);
    return watch;
  }

  private leave(id: string, watch: Watch): void {
    watch.watchers -= 1;
    if (watch.watchers > 0) return;
    watch.stop();
    if (this.watches.get(id) === watch) this.watches.delete(id);
  }
}

async function inTime(promise: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
