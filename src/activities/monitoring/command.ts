import { basename, resolve } from 'node:path';
import { z } from 'zod';
import type { Sample } from '../../process/samples.ts';
import type { AdapterDeps } from '../deps.ts';
import { permanent } from '../failures.ts';
import { quote } from '../http.ts';
import { inheritedFrom, programFields, secretsAmong, withoutSecrets } from '../program.ts';
import { measureFields, presentValueFields } from './config.ts';
import { type Ended, runProgram } from './run-program.ts';
import type { Measure } from './types.ts';
import { createValueMeasure } from './values.ts';

export const commandMeasureConfigSchema = z
  .strictObject({
    adapter: z.literal('command'),
    ...measureFields,
    ...presentValueFields,
    ...programFields,
    value: z
      .enum(['exitCode', 'output'])
      .default('exitCode')
      .describe('The exit code, or the number in the last line of the output'),
  })
  .describe('Runs a program');
export type CommandMeasureConfig = z.infer<typeof commandMeasureConfigSchema>;

/** The program runs beside the worker, is waited for, and is stopped with all that it started. */
export function createCommandMeasure(config: CommandMeasureConfig, deps: AdapterDeps): Measure {
  const passed = Object.fromEntries(config.passEnv.map((name) => [name, deps.secret(name)]));
  const secrets = secretsAmong(Object.values(passed));
  const program = basename(config.command[0]);
  const env = { ...inheritedFrom(deps.environment), ...config.env, ...passed };
  const quoted = (text: string) => quote(withoutSecrets(text, secrets).slice(-200));

  return createValueMeasure(config, {
    async read(signal) {
      const { command, timeout } = config;
      const cwd = resolve(config.cwd ?? '.');
      const ended = await runProgram({ command, cwd, env, timeout, signal });
      return { samples: config.value === 'exitCode' ? [exitCodeOf(ended)] : numberIn(ended) };
    },
    ifEmpty: `${program} says nothing: let its last line be a number, or say in noData what that means.`,
  });

  function exitCodeOf({ code, endedBy, errors }: Ended): Sample {
    if (code !== null) return { series: '', value: code };
    throw permanent('BadAnswer', `${program} was ended by ${endedBy}: ${quoted(errors)}`);
  }

  function numberIn(ended: Ended): Sample[] {
    const { value: code } = exitCodeOf(ended);
    if (code !== 0) {
      throw permanent(
        'BadAnswer',
        `${program} failed with exit code ${code}: ${quoted(ended.errors || ended.output)}`,
      );
    }
    const line = ended.output.trimEnd().split('\n').at(-1)?.trim() ?? '';
    if (line === '') return [];
    const value = Number(line);
    if (!Number.isNaN(value) || line === 'NaN') return [{ series: '', value }];
    throw permanent(
      'BadAnswer',
      `The last line of ${program} is no number but ${quoted(line)}: let it end with one.`,
    );
  }
}
