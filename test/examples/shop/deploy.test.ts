import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { answering } from '../../../examples/shop/environment.ts';
import { startTraffic } from '../../../examples/shop/traffic.ts';
import {
  compileShop,
  execute,
  livePid,
  removeCompiled,
  type ShopUnderTest,
  shopUnderTest,
} from './shop.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const patience = { timeout: 30_000 };

let programs: string;
let shop: ShopUnderTest;

beforeAll(() => {
  programs = compileShop();
});
beforeEach(async () => {
  shop = await shopUnderTest(programs);
});
afterEach(() => shop.remove());
afterAll(() => removeCompiled(programs));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function health() {
  const answer = await fetch(`${shop.url}/healthz`);
  return { code: answer.status, body: (await answer.json()) as { version: string } };
}

test('a deploy replaces the running process, and the shop recovers', async () => {
  expect(await shop.run('deploy', 'v41')).toMatchObject({ code: 0, errors: '' });
  expect((await health()).code).toBe(503);
  const broken = livePid(shop.environment);

  const fixed = await shop.run('deploy', 'v42');
  expect(fixed).toMatchObject({ code: 0, errors: '' });
  expect(fixed.output.trim().split('\n')).toEqual([
    'Replacing v41 by v42 in production.',
    'Stopped v41.',
    expect.stringMatching(/^v42 answers on port \d+ \(process \d+\)\.$/),
  ]);
  expect(await health()).toMatchObject({ code: 200, body: { version: 'v42' } });
  await expect.poll(() => isAlive(broken), patience).toBe(false);
  expect(livePid(shop.environment)).not.toBe(broken);
});

test('the same deploy again leaves the running process alone', async () => {
  await shop.run('deploy', 'v42');
  const pid = livePid(shop.environment);
  const again = await shop.run('deploy', 'v42');
  expect(again).toMatchObject({ code: 0, output: 'v42 is already live in production.\n' });
  expect(livePid(shop.environment)).toBe(pid);
});

test('a rollback brings back what was live before, once', async () => {
  await shop.run('deploy', 'v42');
  await shop.run('deploy', 'v43');
  expect((await health()).code).toBe(503);

  expect(await shop.run('rollback', 'v43')).toMatchObject({ code: 0 });
  expect((await health()).body.version).toBe('v42');
  const again = await shop.run('rollback', 'v43');
  expect(again.code).toBe(0);
  expect(again.output).toContain('nothing to take back');
  expect((await health()).body.version).toBe('v42');
});

test('a rollback of the very first release says that there is nothing to go back to', async () => {
  await shop.run('deploy', 'v41');
  const result = await shop.run('rollback', 'v41');
  expect(result.code).toBe(1);
  expect(result.errors).toBe(
    'Nothing was live in production before v41: deploy a release that works.\n',
  );
  expect((await health()).body.version).toBe('v41');
});

test('an unknown release is refused before anything is touched', async () => {
  await shop.run('deploy', 'v41');
  const pid = livePid(shop.environment);
  for (const ref of ['v99', '../v42', '']) {
    const result = await shop.run('deploy', ref);
    expect(result.code).toBe(1);
    expect(result.errors.trim().split('\n')).toHaveLength(1);
  }
  expect((await shop.run('deploy', 'v99')).errors).toBe(
    'There is no release "v99" of the shop. Known releases: v41, v42, v43, v44.\n',
  );
  expect(livePid(shop.environment)).toBe(pid);
});

test('a release that does not start fails the deploy, and the old one is put back', async () => {
  await shop.run('deploy', 'v41');
  const result = await shop.run('deploy', 'v44');
  expect(result.code).toBe(1);
  expect(result.errors).toMatch(
    /^Release v44 did not come up on port \d+: Error: SHOP_TAX_TABLE is not set\n$/,
  );
  expect(result.output).toContain('Put v41 back.');
  expect((await health()).body.version).toBe('v41');
  expect((await shop.run('deploy', 'v42')).code).toBe(0);
});

test('a live process that was killed is replaced', async () => {
  await shop.run('deploy', 'v41');
  process.kill(livePid(shop.environment), 'SIGKILL');
  await expect.poll(() => answering(shop.environment), patience).toBeUndefined();
  expect((await shop.run('deploy', 'v42')).code).toBe(0);
  expect((await health()).body.version).toBe('v42');
});

test('a stranger on the port is neither ended nor taken for the shop', async () => {
  const stranger = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
  await new Promise<void>((resolve) => {
    stranger.listen(shop.environment.port, '127.0.0.1', resolve);
  });
  const result = await shop.run('deploy', 'v42');
  expect(result.code).toBe(1);
  expect(result.errors).toContain('EADDRINUSE');
  expect(stranger.listening).toBe(true);
  stranger.close();
});

test('an unknown action and a missing option get a sentence', async () => {
  expect((await shop.run('destroy', 'v42')).errors).toBe(
    'HOTFIX_ACTION is "destroy": it must be deploy or rollback.\n',
  );
  const result = await execute([path.join(programs, 'deploy.js'), '--port', '1'], {
    HOTFIX_ACTION: 'deploy',
  });
  expect(result).toEqual({ code: 1, output: '', errors: '--state is missing.\n' });
});

test('the stop program ends the shop', async () => {
  await shop.run('deploy', 'v42');
  const pid = livePid(shop.environment);
  const { directory, name, port } = shop.environment;
  const args = ['--state', path.dirname(directory), '--environment', name, '--port', String(port)];
  const stop = () => execute([path.join(programs, 'stop.js'), ...args]);
  expect(await stop()).toMatchObject({ code: 0, output: 'The shop is stopped.\n' });
  await expect.poll(() => isAlive(pid), patience).toBe(false);
  expect(await stop()).toMatchObject({ code: 0, output: 'The shop was not running.\n' });
});

test('a connection on which nothing is ever asked does not keep a release from ending', async () => {
  await shop.run('deploy', 'v42');
  const pid = livePid(shop.environment);
  const silent = connect(shop.environment.port, '127.0.0.1').on('error', () => undefined);
  await once(silent, 'connect');
  process.kill(pid, 'SIGTERM');
  await expect.poll(() => isAlive(pid), patience).toBe(false);
});

test('traffic shows in its own counts and in the metrics of the shop', async () => {
  await shop.run('deploy', 'v41');
  const traffic = startTraffic(shop.url, 1);
  await expect.poll(() => traffic.failed, patience).toBeGreaterThan(20);
  expect(traffic.sold).toBeGreaterThan(0);
  await shop.run('deploy', 'v42');
  const sold = traffic.sold;
  await expect.poll(() => traffic.sold, patience).toBeGreaterThan(sold + 20);
  await traffic.stop();
  const metrics = await (await fetch(`${shop.url}/metrics`)).text();
  expect(metrics).toContain('shop_http_requests_total{route="/checkout",status="500"} 0');
  expect(metrics).toMatch(/shop_http_requests_total\{route="\/checkout",status="200"\} [1-9]/);
});
