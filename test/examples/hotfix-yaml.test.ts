import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { commandConfigSchema } from '../../src/activities/deploy/command.ts';
import { httpProbeConfigSchema } from '../../src/activities/monitoring/http.ts';
import { prometheusConfigSchema } from '../../src/activities/monitoring/prometheus.ts';
import { logChannelConfigSchema } from '../../src/activities/notify/log.ts';
import { roles } from '../../src/process/phases.ts';
import { policySchema } from '../../src/process/policy.ts';

const root = path.resolve(import.meta.dirname, '../..');
const text = readFileSync(path.join(root, 'examples/hotfix.yaml'), 'utf8');
const steps = z.strictObject({ deploy: commandConfigSchema, rollback: commandConfigSchema });
const analysis = z.strictObject({
  soak: z.string(),
  measures: z.array(z.union([httpProbeConfigSchema, prometheusConfigSchema])),
});

const exampleSchema = z.strictObject({
  people: z.record(z.string(), z.strictObject({ name: z.string() })),
  roles: z.record(z.enum(Object.keys(roles) as [string, ...string[]]), z.array(z.string())),
  policy: policySchema,
  services: z.strictObject({
    shop: z.strictObject({
      deploy: z.strictObject({ staging: steps, production: steps }),
      monitoring: z.strictObject({ staging: analysis, production: analysis }),
    }),
  }),
  notifications: z.array(logChannelConfigSchema),
});

test('the example is what the adapters and the policy take, and everyone in it exists', () => {
  const example = exampleSchema.parse(parse(text));
  const people = Object.keys(example.people);
  expect(people).toEqual(expect.arrayContaining(Object.values(example.roles).flat()));
});

test('what the example leaves to be uncommented is taken, too', () => {
  const uncommented = text.replace(
    /( +)# Where a Prometheus.*\n([\s\S]*?)\n\n/,
    (_, indent, block) => `${(block as string).replaceAll(`${indent}# `, indent as string)}\n\n`,
  );
  const { measures } = exampleSchema.parse(parse(uncommented)).services.shop.monitoring.production;
  expect(measures.map(({ adapter }) => adapter)).toEqual(['http', 'prometheus']);
});

test('its programs are those of the shop', () => {
  const { staging, production } = exampleSchema.parse(parse(text)).services.shop.deploy;
  for (const { command } of [staging, production].flatMap(({ deploy, rollback }) => [
    deploy,
    rollback,
  ])) {
    const source = command[1]?.replace(/^dist\/(.*)\.js$/, '$1.ts') ?? '';
    expect(() => readFileSync(path.join(root, source))).not.toThrow();
  }
});
