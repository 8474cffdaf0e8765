import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusalCodes } from '../../src/process/events.ts';
import { TestApi } from './support.ts';

const page = readFileSync('docs/api.md', 'utf8');
const rows = (head: string): string[][] => {
  const [, table = ''] = page.split(`\n| ${head} |`);
  const [body = ''] = table.trimEnd().split('\n\n');
  return body
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1));
};

describe('the problems', () => {
  /** Every code that the source makes an answer of, with its status. */
  function codesOfSource(): [string, string][] {
    const source = readdirSync('src/api', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(`src/api/${name}`, 'utf8'))
      .join('\n');
    const made = [...source.matchAll(/new ApiProblem\(\s*(\d+|status),\s*'(\w+)'/g)];
    const own = made.map(([, status = '', code = '']): [string, string] => [
      code,
      status === 'status' ? '4xx' : status,
    ]);
    const refusals = refusalCodes.map((code): [string, string] => [
      code,
      code === 'not_your_role' ? '403' : '409',
    ]);
    return [...own, ...refusals];
  }

  test('are those of the source, each once, with its status', () => {
    const known = new Map(codesOfSource().map((entry) => [entry.join(), entry]));
    const told = rows('code | status | means').map(([code = '', status = '']) => [
      code.replaceAll('`', ''),
      status,
    ]);
    expect(known.size).toBeGreaterThan(20);
    expect(told.map(String).sort()).toEqual([...known.keys()].sort());
  });
});

describe('the calls', () => {
  let api: TestApi;
  let url: string;
  let stopWorker: () => Promise<void>;

  beforeAll(async () => {
    api = await TestApi.start();
    stopWorker = await api.bed.work();
    url = await (await api.build()).listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await stopWorker();
    await api.stop();
  });

  test('answer as the description has it', async () => {
    const { body } = await api.get<{ paths: Record<string, Record<string, Call>> }>(
      '/openapi.json',
    );
    interface Call {
      responses: Record<string, unknown>;
    }
    const told = rows('call | answers | errors').map(([call = '', answers = '', errors = '']) => {
      const [method = '', path = ''] = call.replaceAll('`', '').split(' ');
      const statuses = `${answers} ${errors}`.match(/\b[2-5]\d\d\b/g) ?? [];
      return { method, path: path.replace('{signal}', 'commented'), statuses };
    });
    const described = told.filter(({ path }) => path !== '/metrics');
    expect(described).toHaveLength(11);
    for (const { method, path, statuses } of described) {
      const responses = body.paths[path]?.[method.toLowerCase()]?.responses ?? {};
      expect(statuses.sort(), path).toEqual(Object.keys(responses).sort());
    }
  });

  const shell = async (script: string): Promise<string> => {
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script]);
    return stdout;
  };

  test('can be made as the examples show', async () => {
    const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, code = '']) => code);
    const [settings = '', start = '', read = '', complete = '', live = ''] = blocks;
    const settled = settings.replace('http://127.0.0.1:3000', url);
    const { id } = JSON.parse(await shell(settled + start)) as { id: string };
    const known = `${settled}\nid=${id}\n`;
    expect(await shell(known + read)).toContain('# Post-mortem: Checkout is down');
    expect(JSON.parse(await shell(known + complete))).toMatchObject({
      requestId: 'assess-1',
      phase: 'quickFix',
    });
    await api.say(id, 'incidentAborted');
    const events = await shell(known + live);
    expect(events.match(/^id: 1$/gm)).toHaveLength(1);
    expect(events.match(/^event: statusChanged$/gm)).toHaveLength(2);
  });
});
