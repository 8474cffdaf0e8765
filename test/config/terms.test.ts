import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createDirectory } from '../../src/config/directory.ts';
import { parseConfig } from '../../src/config/load.ts';
import { partialPolicySchema } from '../../src/config/schema.ts';
import { serviceTermsSchema } from '../../src/process/events.ts';
import { phases, roleIds } from '../../src/process/phases.ts';
import { defaultEscalations, policySchema } from '../../src/process/policy.ts';

const termsIn = (text: string, service: string) => {
  const terms = createDirectory(parseConfig(text, {})).termsOf(service);
  if (terms === 'unknown') throw new Error(`${service} is refused`);
  return terms;
};

const people = ['ana', 'ben', 'cy', 'dee', 'eve'];

const lengths = fc.integer({ min: 1, max: 90 }).map((minutes) => `${minutes}m`);
const names = fc.subarray([...people, ...roleIds], { minLength: 1 });
const levelArbitrary = fc.record({
  name: fc.constantFrom('first', 'second'),
  notify: fc.oneof(names, fc.constant(['waiting'])),
  acknowledgeWithin: lengths,
  decideWithin: lengths,
});
const escalationArbitrary = fc.record({
  limit: lengths,
  levels: fc.array(levelArbitrary, { minLength: 1, maxLength: 3 }),
  repeatEvery: lengths,
});
const policyArbitrary = fc.record(
  {
    escalation: fc.record(Object.fromEntries(phases.map((phase) => [phase, escalationArbitrary])), {
      requiredKeys: [],
    }),
    rollbackOnFailedVerification: fc.boolean(),
    mayBypassReview: names,
    mayManage: names,
  },
  { requiredKeys: [] },
);
/** Those who review are kept apart from those who fix, or the review could not be given. */
const holders = (role: string) =>
  role === 'reviewer'
    ? fc.constant(['ana'])
    : role === 'securityReviewer'
      ? fc.constant(['ben'])
      : fc.subarray(['cy', 'dee', 'eve'], { minLength: 1 });
const rolesArbitrary = fc.record(Object.fromEntries(roleIds.map((role) => [role, holders(role)])), {
  requiredKeys: [],
});
const environmentArbitrary = fc.record(
  {
    deploy: fc.constant({ adapter: 'command', command: ['deploy'] }),
    rollback: fc.constantFrom({ adapter: 'manual' }, { adapter: 'command', command: ['undo'] }),
  },
  { requiredKeys: ['deploy'] },
);
const serviceArbitrary = fc.record(
  {
    roles: rolesArbitrary,
    policy: policyArbitrary,
    deploy: fc.record(
      { staging: environmentArbitrary, production: environmentArbitrary },
      { requiredKeys: ['production'] },
    ),
    monitoring: fc.constant({ measures: [{ adapter: 'http', name: 'up', url: 'http://shop' }] }),
  },
  { requiredKeys: [] },
);
const configArbitrary = fc.record({
  people: fc.constant(Object.fromEntries(people.map((id) => [id, { name: id }]))),
  roles: rolesArbitrary,
  policy: policyArbitrary,
  services: fc.dictionary(fc.constantFrom('shop', 'bank', 'constructor'), serviceArbitrary),
});

test('the terms of every service of every valid file are what an incident takes, unchanged', () => {
  fc.assert(
    fc.property(configArbitrary, (file) => {
      const config = parseConfig(stringify(file), {});
      const directory = createDirectory(config);
      for (const name of [...Object.keys(file.services), 'another']) {
        const terms = directory.termsOf(name);
        expect(serviceTermsSchema.parse(terms)).toEqual(terms);
        const service = config.services[name];
        expect(terms).toMatchObject({
          assignments: { ...config.roles, ...service?.roles },
          people,
          staging: service?.deploy?.staging !== undefined,
          monitored: service?.monitoring !== undefined,
        });
      }
    }),
    { numRuns: 100 },
  );
});

test('nothing configured is the default policy, and anybody', () => {
  expect(termsIn('', 'shop')).toEqual(serviceTermsSchema.parse({}));
});

test('every key of a policy can be configured', () => {
  expect(Object.keys(partialPolicySchema.shape)).toEqual(Object.keys(policySchema.shape));
});

test('a service is over the defaults: escalations wholly, other fields and roles one by one', () => {
  const escalation = (limit: string) =>
    `{ limit: ${limit}, repeatEvery: 7m, levels: [{ name: a, notify: [waiting], acknowledgeWithin: 1m, decideWithin: 2m }] }`;
  const text = `
people: { ana: { name: Ana }, ben: { name: Ben } }
roles: { tester: [ana], monitor: [ana] }
policy:
  escalation: { quickFix: ${escalation('1m')}, verify: ${escalation('2m')} }
  mayManage: [ana]
  rollbackOnFailedVerification: false
services:
  shop:
    roles: { tester: [ben] }
    policy:
      escalation: { verify: ${escalation('3m')} }
      mayManage: []
`;
  const { policy, assignments } = termsIn(text, 'shop');
  expect(assignments).toEqual({ tester: ['ben'], monitor: ['ana'] });
  expect(policy.mayManage).toEqual([]);
  expect(policy.mayBypassReview).toEqual(['incidentManager']);
  expect(policy.rollbackOnFailedVerification).toBe(false);
  expect(policy.escalation.quickFix.limit).toBe(60_000);
  expect(policy.escalation.verify).toMatchObject({ limit: 180_000, repeatEvery: 420_000 });
  expect(policy.escalation.quickReview).toEqual(defaultEscalations.quickReview);
  expect(termsIn(text, 'bank').policy.escalation.verify.limit).toBe(120_000);
  expect(termsIn(text, 'bank').policy.mayManage).toEqual(['ana']);
});

test.each([
  ['none', '', false],
  ['one by hand', ', rollback: { adapter: manual }', false],
  ['a program', ', rollback: { adapter: command, command: [undo] }', true],
])('a rollback that is %s counts accordingly', (_, rollback, expected) => {
  const text = `services: { shop: { deploy: { production: { deploy: { adapter: manual }${rollback} } } } }`;
  expect(termsIn(text, 'shop').rollback).toBe(expected);
});

test('a deploy that goes back by itself is a rollback', () => {
  const text = `services: { shop: { deploy: { production: { deploy: { adapter: github-deployment, repository: acme/shop, tokenEnv: TOKEN } } } } }`;
  const terms = createDirectory(parseConfig(text, { TOKEN: 'token' })).termsOf('shop');
  expect(terms).toMatchObject({ rollback: true });
});

test('unknown services are refused where the file says so, whatever they are called', () => {
  const directory = createDirectory(
    parseConfig('unknownServices: refuse\nservices: { shop: {} }', {}),
  );
  expect(directory.termsOf('shop')).not.toBe('unknown');
  expect(directory.termsOf('bank')).toBe('unknown');
  expect(directory.termsOf('constructor')).toBe('unknown');
});
