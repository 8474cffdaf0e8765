import { parseArgs } from 'node:util';
import { z } from 'zod';
import { systemClock } from '../activities/clock.ts';
import { createRotas } from '../config/adapters.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { termsOf } from '../config/terms.ts';
import type { CommandResult } from '../config/token-command.ts';
import { dryRun } from '../process/dryRun.ts';
import { readSettings } from '../settings.ts';
import { askOnCall } from './policy-on-call.ts';
import { policyReport } from './policy-table.ts';
import { secretOf } from './startup.ts';

const usage = `Usage: npm run policy -- SERVICE [--from TIME]

Shows who would be told when, of each phase and of the review in retrospect, while nobody
acknowledges. TIME is when each would begin, such as 2026-11-27T18:00Z; without it, now.
HOTFIX_CONFIG names another file than hotfix.yaml.
`;

const timeSchema = z
  .union([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })])
  .transform((time) => new Date(time).toISOString());

/**
 * `npm run policy`: the escalations of a service without an incident, with whoever is on call then.
 * @throws SettingsError or ConfigError, and a sentence where a rota's secret is not set.
 */
export async function policyCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { now, hasColour }: { now: Date; hasColour: boolean },
): Promise<CommandResult> {
  const wanted = read(args);
  if (wanted === null) return { exitCode: 0, output: usage };
  if ('problem' in wanted) return misused(`${wanted.problem}\n\n${usage}`);
  const { service, from = now.toISOString() } = wanted;
  const { configFile, dataDirectory } = readSettings(env);
  const config = await loadConfig(configFile, env);
  const stranger = strangerIn(config, service);
  if (stranger) return misused(`${stranger}\n`);
  const terms = termsOf(config, config.services[service]);
  const runs = dryRun(terms, service, from);
  const { people } = terms;
  const deps = { ...systemClock, environment: env, dataDirectory };
  const rotas = createRotas(config, { ...deps, secret: (name) => secretOf(env, name) });
  const { nameAt, problems } = await askOnCall(runs, rotas);
  const channels = config.notifications.map((one) => ('name' in one ? one.name : one.adapter));
  return {
    exitCode: 0,
    output: policyReport(runs, { service, from, channels, people, nameAt, hasColour }),
    ...(problems.length > 0 && { warning: `${problems.join('\n')}\n` }),
  };
}

const misused = (warning: string): CommandResult => ({ exitCode: 2, output: '', warning });

/** Null where the usage is asked for. */
function read(
  args: readonly string[],
): { service: string; from?: string } | { problem: string } | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { from: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return null;
    const [service, ...more] = positionals;
    if (service === undefined) return { problem: 'Say which service.' };
    if (more.length > 0) return { problem: 'One service at a time.' };
    if (values.from === undefined) return { service };
    const from = timeSchema.safeParse(values.from);
    return from.success
      ? { service, from: from.data }
      : { problem: `"${values.from}" is not a time: write one as 2026-11-27T18:00Z.` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Where the file names no services at all, what it says holds for any. */
function strangerIn({ services }: Config, service: string): string | undefined {
  const names = Object.keys(services);
  return names.length === 0 || Object.hasOwn(services, service)
    ? undefined
    : `hotfix.yaml has no service "${service}"; its services are ${names.join(', ')}.`;
}
