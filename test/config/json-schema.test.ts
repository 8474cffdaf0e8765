import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonSchemaText } from '../../src/config/json-schema.ts';

const file = readFileSync('hotfix.schema.json', 'utf8');
const validate = new Ajv({
  strictTypes: false,
  strictTuples: false,
  validateFormats: false,
}).compile(JSON.parse(file) as object);

test('the file for editors is that of the code; `npm run schema` writes it', () => {
  expect(file).toBe(jsonSchemaText());
});

test('it takes the example, and what is left to the defaults', () => {
  expect(validate(parse(readFileSync('examples/hotfix.yaml', 'utf8')))).toBe(true);
  expect(validate({})).toBe(true);
  expect(validate({ services: { shop: { policy: { escalation: {} } } } })).toBe(true);
});

test.each([
  { servces: {} },
  { people: { ana: { name: 'Ana', token: 'hfx_x' } } },
  { roles: { chief: ['ana'] } },
  { services: { shop: { deploy: { staging: { deploy: { adapter: 'manual' } } } } } },
  { services: { shop: { deploy: { production: { deploy: { adapter: 'magic' } } } } } },
  { notifications: [{ adapter: 'webhook', name: 'chat' }] },
  { policy: { escalation: { verify: { limit: '5m' } } } },
])('it does not take %j', (data) => {
  expect(validate(data)).toBe(false);
});
