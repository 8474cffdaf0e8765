import { createServer } from 'node:http';

/**
 * A process of its own that many measurements look at: answers each request at once, and tells at
 * `/arrivals` when which path was asked, in milliseconds since 1970.
 */
const arrivals = new Map<string, number[]>();

const server = createServer(({ url = '' }, response) => {
  if (url === '/arrivals') {
    response.end(JSON.stringify(Object.fromEntries(arrivals)));
    return;
  }
  const at = performance.timeOrigin + performance.now();
  arrivals.set(url, [...(arrivals.get(url) ?? []), at]);
  response.end('well');
});

server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  process.stdout.write('target is ready\n');
});
process.once('SIGTERM', () => process.exit());
