import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './dice.ts';
import type { Readers } from './readers.ts';
import type { Site } from './site.ts';
import type { Supervised } from './supervised.ts';

interface Fault {
  what: string;
  /** What else must not fail meanwhile, since it would only hide this fault. */
  targets: readonly string[];
  /** Resolves when all is well again. */
  happen: () => Promise<unknown>;
}

/** How many go on at once. */
const mostAtOnce = 2;

/** Lets things fail, one after the other and some at once, over the whole run, until there were enough. */
export class Faults {
  /** What failed, in order. */
  readonly log: string[] = [];
  private readonly busy = new Set<string>();
  private readonly underWay = new Set<Promise<void>>();
  private isDone = false;
  private lastMended = Date.now();
  /** Why a fault could not be made, or not be mended: nothing counts then. */
  private broken: unknown;
  /** Which are drawn from, the frequent ones more than once. */
  private readonly kinds: readonly [() => Fault, ...(() => Fault)[]] = [
    () => this.processEnds(),
    () => this.processEnds(),
    () => this.everyWorkerDies(),
    () => this.workerStandsStill(),
    () => this.temporalEnds(),
    () => this.connectionFails(),
    () => this.connectionFails(),
    () => this.workerDiesWhileAllAreRead(),
  ];
  private readonly site: Site;
  private readonly readers: Readers;
  private readonly dice: Dice;

  constructor(site: Site, readers: Readers, dice: Dice) {
    this.site = site;
    this.readers = readers;
    this.dice = dice;
  }

  /**
   * The first is what has hurt before: a worker dies while every open incident is read. `progress` says
   * how far the run is, from 0 to 1, so that each part of it has its share.
   */
  async run(count: number, begin: number, progress: () => number): Promise<void> {
    await sleep(begin);
    for (let done = 0; done < count && !this.isDone; done += 1) {
      while (progress() < done / count && !this.isDone) await sleep(200);
      while (this.underWay.size >= mostAtOnce) await Promise.race(this.underWay);
      const fault = done === 0 ? this.workerDiesWhileAllAreRead() : this.draw();
      this.happen(fault);
      await sleep(this.dice.between(1_000, 6_000));
      if (this.broken) break;
    }
    await Promise.all(this.underWay);
    if (this.broken) throw this.broken;
  }

  /** No further one begins. */
  stop(): void {
    this.isDone = true;
  }

  /** For how long nothing has failed, in milliseconds. */
  get calmFor(): number {
    return this.underWay.size > 0 ? 0 : Date.now() - this.lastMended;
  }

  get now(): string {
    return [...this.busy].join(', ');
  }

  private happen({ what, targets, happen }: Fault): void {
    this.log.push(`${new Date().toISOString()} ${what}`);
    for (const target of targets) this.busy.add(target);
    const underWay = happen()
      .catch((error: unknown) => {
        this.broken = error;
      })
      .then(() => {
        for (const target of targets) this.busy.delete(target);
        this.underWay.delete(underWay);
        this.lastMended = Date.now();
      });
    this.underWay.add(underWay);
  }

  private draw(): Fault {
    for (;;) {
      const fault = this.dice.pick(this.kinds)();
      if (!fault.targets.some((target) => this.busy.has(target))) return fault;
    }
  }

  private workerDiesWhileAllAreRead(): Fault {
    const worker = this.one(this.site.workers);
    return {
      what: `${worker.name} is killed, and all are read meanwhile`,
      targets: [worker.name],
      happen: async () => {
        await worker.end('SIGKILL');
        for (let round = 0; round < 5; round += 1) {
          await this.readers.readAll();
          await sleep(500);
        }
        await worker.start();
      },
    };
  }

  private processEnds(): Fault {
    const process = this.one([...this.site.workers, ...this.site.apis]);
    const how = this.dice.pick(['SIGKILL', 'SIGKILL', 'SIGTERM'] as const);
    const pause = this.dice.between(0, 4_000);
    return {
      what: `${process.name}: ${how}, ${pause} ms`,
      targets: [process.name],
      happen: async () => {
        await process.end(how);
        await sleep(pause);
        await process.start();
      },
    };
  }

  private everyWorkerDies(): Fault {
    const { workers } = this.site;
    const pause = this.dice.between(0, 4_000);
    return {
      what: `every worker: SIGKILL, ${pause} ms`,
      targets: workers.map(({ name }) => name),
      happen: async () => {
        await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
        await sleep(pause);
        await Promise.all(workers.map((worker) => worker.start()));
      },
    };
  }

  private workerStandsStill(): Fault {
    const worker = this.one(this.site.workers);
    const pause = this.dice.between(2_000, 15_000);
    return {
      what: `${worker.name}: stands still, ${pause} ms`,
      targets: [worker.name],
      happen: async () => {
        worker.signal('SIGSTOP');
        await sleep(pause);
        worker.signal('SIGCONT');
      },
    };
  }

  private temporalEnds(): Fault {
    const how = this.dice.pick(['SIGKILL', 'SIGKILL', 'SIGTERM'] as const);
    const pause = this.dice.between(0, 4_000);
    return {
      what: `Temporal: ${how}, ${pause} ms`,
      targets: ['temporal'],
      happen: () => this.site.restartTemporal(how, () => sleep(pause)),
    };
  }

  private connectionFails(): Fault {
    const { name } = this.one([...this.site.workers, ...this.site.apis]);
    const { network } = this.site;
    const pause = this.dice.between(1_000, 10_000);
    const how = this.dice.pick(['cut', 'delay', 'mute'] as const);
    const lag = this.dice.between(100, 1_500);
    return {
      what: `${name} to Temporal: ${how}${how === 'delay' ? ` of ${lag} ms` : ''}, ${pause} ms`,
      targets: [`${name} to Temporal`],
      happen: async () => {
        if (how === 'cut') await network.cut(name);
        if (how === 'delay') await network.delay(name, lag);
        if (how === 'mute') await network.mute(name);
        await sleep(pause);
        await network.mend(name);
      },
    };
  }

  private one(of: readonly Supervised[]): Supervised {
    return of[this.dice.between(0, of.length - 1)] as Supervised;
  }
}
