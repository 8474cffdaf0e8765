import closeWithGrace from 'close-with-grace';

type Stop = () => unknown;

/** How long everything together may take to end in order, in milliseconds. */
const patience = 30_000;

/** What asks for an end in order. */
const endings: closeWithGrace.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Where no shell is between npm and us, a Ctrl-C comes twice: from the terminal and from npm, which
 * passes it on. What follows the first this soon is the same one. In milliseconds.
 */
const echo = 1_000;

/**
 * Ends what was started in the opposite order, on Ctrl-C, SIGTERM, or when a part fails. A second
 * Ctrl-C does not wait for that.
 */
export class Lifecycle {
  private readonly stops: Stop[] = [];
  private ending: Promise<void> | undefined;
  private toldAt: number | undefined;
  private hasFailed = false;
  private readonly grace;

  constructor() {
    const options: closeWithGrace.Options = { delay: patience, logger: false, skip: [...endings] };
    this.grace = closeWithGrace(options, async ({ err }) => {
      if (err) say(err);
      await this.end();
      if (this.hasFailed) process.exit(1);
    });
    for (const signal of endings) process.on(signal, () => this.told());
    process.once('SIGHUP', withoutTerminal);
  }

  /** Remembers how to end a part that has just been started. */
  onStop(stop: Stop): void {
    this.stops.push(stop);
  }

  /** A part failed that nothing can go on without. */
  fail(reason: string): void {
    if (this.ending) return;
    say(new Error(reason));
    this.hasFailed = true;
    this.grace.close();
  }

  private told(): void {
    const now = performance.now();
    if (this.toldAt === undefined) this.grace.close();
    else if (now - this.toldAt > echo) process.exit(1);
    this.toldAt ??= now;
  }

  get isEnding(): boolean {
    return this.ending !== undefined;
  }

  end(): Promise<void> {
    this.ending ??= this.endAll();
    return this.ending;
  }

  private async endAll(): Promise<void> {
    for (const stop of this.stops.reverse()) {
      try {
        await stop();
      } catch (error) {
        say(error);
      }
    }
  }
}

/** Starts a process; what goes wrong is told in a sentence, and everything started so far is ended. */
export async function runProcess(start: (lifecycle: Lifecycle) => Promise<void>): Promise<void> {
  const lifecycle = new Lifecycle();
  try {
    await start(lifecycle);
  } catch (error) {
    // What a start misses that was told to end is no news, and the exit code is that of the end.
    if (lifecycle.isEnding) return;
    say(error);
    await lifecycle.end();
    process.exit(1);
  }
}

/**
 * The terminal is gone: what is written fails from now on, which must not cut the end short. Node cannot
 * exit without its terminal, either, but spins for ever; the signal that told so ends it instead.
 */
function withoutTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  process.on('exit', () => {
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  });
}

/** People get the sentence; the stack is for those who ask for it. */
function say(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n`);
  if (process.env.LOG_LEVEL === 'debug' && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
}
