import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import { afterEach, describe, expect, test } from 'vitest';
import type { IncidentView } from '../../src/process/view.ts';
import { bodies } from '../support/incidents.ts';
import { Program, temporaryFolder } from '../support/processes.ts';

const running: Program[] = [];

afterEach(async () => {
  for (const program of running.splice(0)) {
    await program.end('SIGKILL');
    program.forget();
  }
});

/** For what happens soon, on a machine that may be busy. */
const patience = { timeout: 50_000 };

async function settings(data = temporaryFolder()) {
  return {
    HOTFIX_DATA: data,
    PORT: String(await getPort()),
    TEMPORAL_PORT: String(await getPort()),
    TEMPORAL_UI_PORT: String(await getPort()),
  };
}

function start(env: Record<string, string>, ...args: string[]): Program {
  const program = new Program(['scripts/run.mjs', 'src/main.ts', ...args], env);
  running.push(program);
  return program;
}

/** `npm start` in a terminal of its own, which has a keyboard and can be closed. */
function startInTerminal(env: Record<string, string>): Program {
  const program = new Program(['-qec', 'npm start', '/dev/null'], env, 'script', 'pipe');
  running.push(program);
  return program;
}

const pressCtrlC = ({ child }: Program) => child.stdin?.write('\u0003');

const isFree = (port: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(Number(port), '127.0.0.1');
    probe.once('connect', () => resolve(false)).once('error', () => resolve(true));
    probe.once('connect', () => probe.destroy());
  });

const areFree = async (env: Awaited<ReturnType<typeof settings>>): Promise<boolean> => {
  const ports = [env.PORT, env.TEMPORAL_PORT, env.TEMPORAL_UI_PORT];
  return (await Promise.all(ports.map(isFree))).every(Boolean);
};

/** The process of the service, and the one that guards its Temporal. */
const processesOf = ({ HOTFIX_DATA }: { HOTFIX_DATA: string }): number[] => {
  const lock = readFileSync(path.join(HOTFIX_DATA, 'temporal.lock'), 'utf8');
  return Object.values(JSON.parse(lock) as Record<string, number>);
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('npm start', () => {
  test('starts everything, says where, ends in order, and goes on where it was', async () => {
    const env = await settings();
    const url = `http://127.0.0.1:${env.PORT}`;
    const first = start(env);
    const said = await first.says('Hotfix is ready.');
    expect(said).toContain(`API ${url}`);
    expect(said).toContain(`docs ${url}/docs`);
    expect(said).toContain(`Temporal UI http://127.0.0.1:${env.TEMPORAL_UI_PORT}`);
    expect((await fetch(`http://127.0.0.1:${env.TEMPORAL_UI_PORT}`)).status).toBe(200);
    expect((await fetch(`${url}/docs`)).status).toBe(200);
    const { status, id } = await post(`${url}/incidents`, {
      title: 'Checkout is down',
      service: 'shop',
      declaration: bodies.incidentDeclared,
    });
    expect(status).toBe(201);
    expect(await first.end('SIGINT')).toBe(0);
    expect(await areFree(env)).toBe(true);

    const second = start(env);
    await second.says('Hotfix is ready.');
    const signal = `${url}/incidents/${id}/signals/priorityAssessed`;
    // 202 where the worker has not come to it yet.
    expect([200, 202]).toContain((await post(signal, bodies.priorityAssessed)).status);
    const read = async () =>
      (await fetch(`${url}/incidents/${id}`)).json() as Promise<IncidentView>;
    const phase = async () => (await read()).phase;
    await expect.poll(phase, patience).toBe('quickFix');
    expect(await second.end('SIGTERM')).toBe(0);
  });

  test('SIGTERM to npm alone ends everything, though npm does not pass it on', async () => {
    const env = await settings();
    const npm = new Program(['start'], env, 'npm');
    running.push(npm);
    await npm.says('Hotfix is ready.');
    const processes = processesOf(env);
    expect(processes).toHaveLength(2);
    expect(processes).not.toContain(npm.child.pid);
    await npm.end('SIGTERM');
    await expect.poll(() => processes.some(isAlive), patience).toBe(false);
    expect(await areFree(env)).toBe(true);
    expect(existsSync(path.join(env.HOTFIX_DATA, 'temporal.lock'))).toBe(false);
  });

  test('SIGTERM to npm and at once the next start: it waits for what is still ending', async () => {
    const env = await settings();
    const npm = new Program(['start'], env, 'npm');
    running.push(npm);
    await npm.says('Hotfix is ready.');
    await npm.end('SIGTERM');
    const next = start(env);
    await next.says('Hotfix is ready.');
    expect(await next.end('SIGINT')).toBe(0);
    expect(await areFree(env)).toBe(true);
  });

  test('a start waits for the ports of one that is ending, on whatever data', async () => {
    const env = await settings();
    const first = start(env);
    await first.says('Hotfix is ready.');
    const second = start({ ...env, HOTFIX_DATA: temporaryFolder() });
    await second.says(`Port ${env.PORT} on 127.0.0.1`);
    expect(second.output).toContain('Waiting');
    expect(await first.end('SIGTERM')).toBe(0);
    await second.says('Hotfix is ready.');
    expect(await second.end('SIGTERM')).toBe(0);
  });

  test('a Ctrl-C that npm passes on as well still ends all in order', async () => {
    const env = await settings();
    const program = start(env);
    await program.says('Hotfix is ready.');
    program.child.kill('SIGINT');
    expect(await program.end('SIGINT')).toBe(0);
    expect(await areFree(env)).toBe(true);
  });

  describe.runIf(process.platform === 'linux')('in a terminal', () => {
    test('Ctrl-C: the prompt is back when all has ended, and the next start finds its data', async () => {
      const env = await settings();
      const first = startInTerminal(env);
      await first.says('Hotfix is ready.');
      const processes = processesOf(env);
      pressCtrlC(first);
      await first.ended();
      expect(processes.filter(isAlive)).toEqual([]);
      expect(await areFree(env)).toBe(true);
      const second = startInTerminal(env);
      await second.says('Hotfix is ready.');
      pressCtrlC(second);
      await second.ended();
    });

    test('Ctrl-C twice, and at once the next start: it waits for what is still ending', async () => {
      const env = await settings();
      const first = startInTerminal(env);
      await first.says('Hotfix is ready.');
      pressCtrlC(first);
      await sleep(1_100);
      pressCtrlC(first);
      await first.ended();
      const second = startInTerminal(env);
      await second.says('Hotfix is ready.');
      pressCtrlC(second);
      await second.ended();
      expect(await areFree(env)).toBe(true);
    });

    test('a terminal that is closed ends everything', async () => {
      const env = await settings();
      const terminal = startInTerminal(env);
      await terminal.says('Hotfix is ready.');
      const processes = processesOf(env);
      await terminal.end('SIGKILL');
      await expect.poll(() => processes.some(isAlive), patience).toBe(false);
      expect(await areFree(env)).toBe(true);
    });
  });

  test('a Temporal that ends by itself is told, and is a failure', async () => {
    const env = await settings();
    const program = start(env);
    await program.says('Hotfix is ready.');
    const guard = processesOf(env).find((pid) => pid !== program.child.pid);
    process.kill(guard ?? 0, 'SIGTERM');
    expect(await program.ended()).toBe(1);
    expect(program.output).toContain('The Temporal server ended by itself.');
    expect(await areFree(env)).toBe(true);
  });

  test('a port in use: which one, and what to set', async () => {
    const env = await settings();
    const other = createServer().listen(Number(env.PORT), '127.0.0.1');
    const program = start(env);
    expect(await program.ended()).toBe(1);
    expect(program.output).toContain(env.PORT);
    expect(program.output).toContain('PORT');
    expect(program.output).not.toContain('    at ');
    other.close();
  });

  test('a wrong configuration: everything that is wrong, and no stack', async () => {
    const program = start({ ...(await settings()), PORT: 'http', LOG_LEVEL: 'loud' });
    expect(await program.ended()).toBe(1);
    expect(program.output).toContain('PORT must be a port');
    expect(program.output).toContain('LOG_LEVEL must be one of');
    expect(program.output).not.toContain('    at ');
  });

  test('a Temporal that is named and not there: a sentence, and none is started', async () => {
    const program = start({ ...(await settings()), TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(await program.ended()).toBe(1);
    expect(program.output).toContain('Temporal at 127.0.0.1:1 does not answer');
  });

  test('without tokens it listens on this machine alone', async () => {
    const program = start({ ...(await settings()), HOST: '0.0.0.0' });
    expect(await program.ended()).toBe(1);
    expect(program.output).toContain('Without tokens');
  });

  test('--help tells all this and starts nothing', async () => {
    const program = start(await settings(), '--help');
    expect(await program.ended()).toBe(0);
    for (const name of [
      'PORT',
      'HOTFIX_DATA',
      'HOTFIX_CONFIG',
      'TEMPORAL_ADDRESS',
      'npm run demo',
    ]) {
      expect(program.output).toContain(name);
    }
  });
});

async function post(url: string, body: object) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { ...((await answer.json()) as { id: string; phase: string }), status: answer.status };
}
