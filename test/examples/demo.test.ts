import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Program } from '../support/processes.ts';

const running: Program[] = [];

afterEach(async () => {
  for (const program of running.splice(0)) {
    await program.end('SIGKILL');
    program.forget();
  }
});

function demo(...args: string[]): Program {
  const program = new Program(['scripts/run.mjs', 'examples/demo.ts', ...args], {});
  running.push(program);
  return program;
}

/** The phases that it went through, in order. */
const phasesIn = (output: string) =>
  [...output.matchAll(/▶ ([A-Z][\w() -]+?)(?: {3}|\n)/g)].map(([, phase]) => phase);

/** The file with the post-mortem. */
const reportIn = (output: string): string =>
  /The post-mortem with its timeline is in (\S+)/.exec(output)?.[1] ?? '';

/** Where the demo said that its parts listen. */
const addresses = (output: string): string[] =>
  [...output.matchAll(/^ {2}(?:Temporal UI|API|shop) +(http:\/\/127\.0\.0\.1:\d+)/gm)].map(
    ([, address = '']) => address,
  );

const answers = (address: string): Promise<boolean> =>
  fetch(address).then(
    () => true,
    () => false,
  );

async function expectAllGone(output: string): Promise<void> {
  const all = addresses(output);
  expect(all).toHaveLength(3);
  for (const address of all) expect(await answers(address)).toBe(false);
}

describe('npm run demo', () => {
  test('breaks a shop, fixes it through the ten roles, and leaves nothing behind', async () => {
    const program = demo();
    expect(await program.ended()).toBe(0);
    const { output } = program;
    expect(phasesIn(output)).toEqual([
      'Incident declaration',
      'Quick fix',
      'Quick review',
      'Deploy now',
      'Verify and monitor',
      'Post-mortem',
    ]);
    for (const check of ['deploy command', 'rollback command', 'measure front page']) {
      expect(output).toContain(`✔ ${check}: `);
    }
    expect(output).toMatch(/failed checkouts percent ▁+ passed: 0 is not above 5\./);
    const shares = [...output.matchAll(/(\d+) % of checkouts work/g)];
    const [broken, fixed] = shares.map(([, share]) => Number(share));
    expect(broken).toBeLessThan(50);
    expect(fixed).toBeGreaterThan(95);
    expect(output).toContain('closed: The post-mortem is done');
    expect(output).toContain('# Post-mortem: The checkout is down');
    await expectAllGone(output);
  });

  test('--regression measures a fix that does not help, takes it back, and comes through', async () => {
    const program = demo('--regression');
    expect(await program.ended()).toBe(0);
    const { output } = program;
    const phases = ['Quick fix', 'Quick review', 'Deploy now', 'Verify and monitor'];
    expect(phasesIn(output)).toEqual([
      'Incident declaration',
      ...phases,
      ...phases.map((phase) => `${phase} (attempt 2)`),
      'Post-mortem',
    ]);
    expect(output).toMatch(/failed checkouts percent \S+ failed: \d+ is above 5\./);
    expect(output).toMatch(/front page \S+ passed: It answers 200/);
    expect(output).toContain('asks the monitor. The measurements failed: they speak for no.');
    expect(output).toContain('Replacing v43 by v41 in production.');
    expect(output).toContain('v41 is live again');
    expect(output).toMatch(/\| 1 \| `v43` \| succeeded \|/);
    expect(output).toContain('closed: The post-mortem is done');
    const plotted = output.matchAll(/plot +http:\S+\/measurements\.svg\?analysis=\d\n/g);
    expect([...plotted]).toHaveLength(3);
    await expectAllGone(output);

    const report = reportIn(output);
    const plots = [...readFileSync(report, 'utf8').matchAll(/\]\((plot-\d\.svg)\)/g)];
    const verdicts = plots.map(([, plot = '']) => {
      const svg = readFileSync(path.join(path.dirname(report), plot), 'utf8');
      return /failed checkouts percent: (\w+)/.exec(svg)?.[1];
    });
    expect(verdicts).toEqual(['failed', 'failed', 'passed']);
  });

  test('--late-review escalates to both levels, and the decisions are marked late', async () => {
    const program = demo('--late-review');
    expect(await program.ended()).toBe(0);
    expect(program.output).toContain('the limit is 4 s in this demo instead of 15 min');
    for (const level of [1, 2]) expect(program.output).toContain(`level ${level} is told`);
    const report = readFileSync(reportIn(program.output), 'utf8');
    expect(report).toMatch(/sanityChecked \| approved \(late\)/);
    expect(report).toMatch(/securityChecked \| approved \(late\)/);
  });

  test('Ctrl-C in the middle ends everything that it started', async () => {
    const program = demo();
    await program.says('▶ Quick review');
    await sleep(200);
    expect(await program.end('SIGINT')).toBe(0);
    await expectAllGone(program.output);
  });

  test('an option that it does not know is a sentence', async () => {
    const program = demo('--fast');
    expect(await program.ended()).toBe(1);
    expect(program.output).toContain("Unknown option '--fast'");
    expect(program.output).not.toContain('    at ');
  });
});
