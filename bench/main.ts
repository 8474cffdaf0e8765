import { temporalExecutable } from '../src/temporal/executable.ts';
import { deploy } from './measurements/deploy.ts';
import { escalations } from './measurements/escalations.ts';
import { history } from './measurements/history.ts';
import { incidents } from './measurements/incidents.ts';
import { memory } from './measurements/memory.ts';
import { ready } from './measurements/ready.ts';
import { signal } from './measurements/signal.ts';
import { soak } from './measurements/soak.ts';
import { soaks } from './measurements/soaks.ts';
import { start } from './measurements/start.ts';
import { Bench } from './support/bench.ts';
import { machine } from './support/machine.ts';
import { type Bar, holds, type Measurement } from './support/measurement.ts';
import { resultsFile } from './support/paths.ts';
import { Progress } from './support/progress.ts';
import { barsTable, section, writeResults } from './support/report.ts';

/** In the order in which they are made and told. */
const measurements: Measurement[] = [
  start,
  signal,
  incidents,
  memory,
  history,
  deploy,
  soak,
  soaks,
  escalations,
  ready,
];

const help = `npm run bench [-- MEASUREMENT ...]

Measures, says which bars hold, and writes docs/benchmarks.md; about nine minutes. It exits 1 where a
bar is missed. With the names of measurements, only these are made and nothing is written:

${measurements.map(({ name, title }) => `  ${name.padEnd(11)}${title}`).join('\n')}
`;

/** Exits with this where it was interrupted, as shells do. */
const interruption = 130;

async function benchmarks(chosen: Measurement[], bench: Bench): Promise<number> {
  const { progress } = bench;
  const sections = [await machine(bench.executable)];
  const bars: Bar[] = [];
  progress.say(sections.join());
  for (const measurement of chosen) {
    const findings = await measurement.measure(bench);
    bars.push(...findings.bars);
    const told = section(measurement, findings);
    sections.push(told);
    progress.say(`\n${told}`);
  }
  if (bars.length > 0) sections.splice(1, 0, `### Bars\n\n${barsTable(bars)}`);
  progress.say(`\n${barsTable(bars)}`);
  if (chosen.length === measurements.length) await writeResults(resultsFile, sections.join('\n\n'));
  return bars.every(holds) ? 0 : 1;
}

function choose(names: string[]): Measurement[] {
  if (names.length === 0) return measurements;
  return names.map((name) => {
    const found = measurements.find((measurement) => measurement.name === name);
    if (found) return found;
    const known = measurements.map((measurement) => measurement.name).join(', ');
    throw new Error(`There is no measurement "${name}"; the measurements are ${known}.`);
  });
}

async function run(names: string[]): Promise<number> {
  const chosen = choose(names);
  const bench = new Bench(new Progress(), await temporalExecutable());
  const interrupted = new Promise<number>((resolve) => {
    const interrupt = () => resolve(interruption);
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  });
  try {
    const measured = benchmarks(chosen, bench);
    // Interrupted, the measurement ends wherever it is; what it then misses is no news.
    measured.catch(() => {});
    return await Promise.race([measured, interrupted]);
  } finally {
    await bench.end();
  }
}

const names = process.argv.slice(2);
try {
  if (names.includes('--help')) process.stdout.write(help);
  else process.exit(await run(names));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
