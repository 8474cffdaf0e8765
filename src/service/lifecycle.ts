import closeWithGrace from 'close-with-grace';

type Stop = () => unknown;

/** How long everything together may take to end in order, in milliseconds. */
const patience = 30_000;

/**
 * Ends what was started in the opposite order, on Ctrl-C, SIGTERM, or when a part fails.
 */
export class Lifecycle {
  private readonly stops: Stop[] = [];
  private ending: Promise<void> | undefined;
  private readonly grace;

  constructor() {
    this.grace = closeWithGrace({ delay: patience, logger: false }, async ({ err }) => {
      if (err) say(err);
      await this.end();
    });
  }

  /** Remembers how to end a part that has just been started. */
  onStop(stop: Stop): void {
    this.stops.push(stop);
  }

  /** A part failed that nothing can go on without. */
  fail(reason: string): void {
    if (this.ending) return;
    say(new Error(reason));
    process.exitCode = 1;
    this.grace.close();
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
    say(error);
    await lifecycle.end();
    process.exit(1);
  }
}

/** People get the sentence; the stack is for those who ask for it. */
function say(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n`);
  if (process.env.LOG_LEVEL === 'debug' && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
}
