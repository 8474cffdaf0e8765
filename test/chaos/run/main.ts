import { DefaultLogger, Runtime } from '@temporalio/worker';
import { help, optionsOf } from './options.ts';
import { Run, say } from './run.ts';

/** Exits with this where it was interrupted, as shells do. */
const interruption = 130;

/** `npm run test:chaos`: resolves with the exit code. */
export async function main(args: string[]): Promise<number> {
  const options = optionsOf(args);
  if (!options) {
    process.stdout.write(help);
    return 0;
  }
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const run = new Run(options);
  const cutShort = new Promise<number>((resolve) => {
    const interrupt = () => resolve(interruption);
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
    process.once('uncaughtException', (error) => {
      say(String(error.stack));
      resolve(1);
    });
  });
  try {
    const ended = run.run();
    ended.catch(() => {});
    return await Promise.race([ended, cutShort]);
  } finally {
    await run.end();
  }
}
