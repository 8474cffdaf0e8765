/** One running release of the shop: `server <version> <port> <pidfile>`. */
import { rmSync } from 'node:fs';
import { createShop } from './app.ts';
import { type LiveProcess, writeJson } from './state.ts';
import { loadRelease } from './versions.ts';

const [version = '', port = '', pidfile = ''] = process.argv.slice(2);

const shop = createShop(version, await loadRelease(version));
await shop.listen({ host: '127.0.0.1', port: Number(port) });
// The shop itself says that it is live, so that a deploy which was killed half-way leaves no
// process behind that nobody knows of.
writeJson(pidfile, { version, pid: process.pid } satisfies LiveProcess);

/** How long requests that are under way get, in milliseconds. */
const grace = 500;

async function end(): Promise<void> {
  // A connection on which nothing was ever asked does not count as idle, and would be waited for.
  const impatience = setTimeout(() => shop.server.closeAllConnections(), grace);
  await shop.close();
  clearTimeout(impatience);
  rmSync(pidfile, { force: true });
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end());
