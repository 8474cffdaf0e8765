import { once } from 'node:events';
import { createServer } from 'node:net';
import { untilGone, type Waiting } from './waiting.ts';

export interface PortUse {
  host: string;
  port: number;
  /** What listens there, for the message: `the Temporal server`. */
  purpose: string;
  /** The environment variable that moves it. */
  variable: string;
}

/** A port is taken. The message says which and what to set. */
export class PortInUseError extends Error {
  override name = 'PortInUseError';

  constructor({ host, port, purpose, variable }: PortUse) {
    super(
      `Port ${port} on ${host}, where ${purpose} should listen, is in use: ` +
        `stop the program that uses it, or set ${variable} to a free port.`,
    );
  }
}

/** @throws PortInUseError */
export async function assertPortFree(use: PortUse): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(use.port, use.host);
    await once(probe, 'listening');
  } catch (error) {
    if (isInUse(error)) throw new PortInUseError(use);
    throw error;
  }
  probe.close();
  await once(probe, 'close');
}

/**
 * Resolves when nothing listens on the port any more: a Hotfix that was told to end is waited for.
 * @throws PortInUseError when it is in use all the same.
 */
export const waitUntilFree = (use: PortUse, waiting: Waiting): Promise<void> =>
  untilGone(waiting, async () => {
    try {
      await assertPortFree(use);
      return undefined;
    } catch (error) {
      if (error instanceof PortInUseError) return error;
      throw error;
    }
  });

/** Whether listening failed because the port is taken. */
export function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
