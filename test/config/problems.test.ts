import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { everyPerson, everyRole, hashFor, problemsOf, webhookSecret } from './support.ts';

const roleList =
  'incidentManager, priorityAssessor, bugFixer, reviewer, securityReviewer, deployer, monitor, tester, postMortemLead, processImprover';

const measures = (...lines: string[]) =>
  `services:\n  shop:\n    monitoring:\n      production:\n        soak: 1m\n        measures:\n${lines.map((line) => `          - ${line}\n`).join('')}`;
const probe = 'adapter: http, name: health, url: http://shop';
const production = (deploy: string) =>
  `services:\n  shop:\n    deploy:\n      production:\n        deploy: ${deploy}\n`;

test.each([
  ['a list for the whole', '- a', ['1:1: must be a map of keys and values, not a list.']],
  ['text for the whole', 'hello', ['1:1: must be a map of keys and values, not text.']],
  [
    'a key that is not one',
    'people: {}\nservcies: {}',
    [
      '2:1: servcies: is not a key here; the keys are people, tools, teams, onCall, roles, policy, unknownServices, services, notifications, links, tracker.',
    ],
  ],
  [
    'keys that are not ones, deep inside',
    production('\n          adapter: manual\n          comand: [x]\n          retry: 3'),
    [
      '7:11: services.shop.deploy.production.deploy.comand: is not a key here; the keys are adapter.',
      '8:11: services.shop.deploy.production.deploy.retry: is not a key here; the keys are adapter.',
    ],
  ],
  [
    'a key twice',
    'people:\n  ana: { name: Ana }\n  ana: { name: Ann }\n',
    ['3:3: people.ana: is there twice: keep one of them.'],
  ],
  [
    'an empty part',
    'services:\n  shop:\n',
    ['2:3: services.shop: is empty: it must be a map of keys and values; fill it in or remove it.'],
  ],
  [
    'a number for a list',
    'notifications: 3',
    ['1:16: notifications: must be a list, not a number.'],
  ],
  [
    'text for a truth',
    'policy:\n  rollbackOnFailedVerification: yes\n',
    ['2:33: policy.rollbackOnFailedVerification: must be true or false, not text.'],
  ],
  [
    'text for a list of people',
    'people: { ana: { name: Ana } }\nroles:\n  tester: ana\n',
    ['3:11: roles.tester: must be a list, not text.'],
  ],
  ['a list of nobody', 'roles: { tester: [] }', ['1:10: roles.tester: must not be empty.']],
  [
    'a role that is none',
    'roles: { testers: [ana] }',
    [
      `1:10: roles.testers: is not a key here; the keys are ${roleList}.`,
      '1:20: roles.testers.0: names "ana", who is not among the people, the teams and the rotas under onCall: add them there, or correct the name.',
    ],
  ],
  [
    'a choice that is none',
    'unknownServices: maybe',
    ['1:18: unknownServices: must be accept or refuse.'],
  ],
  [
    'an adapter that is none',
    production('{ adapter: carrier-pigeon }'),
    [
      '5:28: services.shop.deploy.production.deploy.adapter: must be argocd, command, github-deployment, github-workflow, http, kubernetes or manual.',
    ],
  ],
  [
    'no adapter',
    'notifications:\n  - url: http://x\n',
    [
      '2:5: notifications.0.adapter: is missing: write log, email, pagerduty, slack, teams or webhook.',
    ],
  ],
  [
    'staging without production',
    'services:\n  shop:\n    deploy:\n      staging: { deploy: { adapter: manual } }\n',
    ['3:5: services.shop.deploy.production: is missing: it must be a map of keys and values.'],
  ],
  [
    'a rollback without a deploy',
    'services:\n  shop:\n    deploy:\n      production: { rollback: { adapter: manual } }\n',
    [
      '4:7: services.shop.deploy.production.deploy: is missing: it must be a map of keys and values.',
    ],
  ],
  [
    'a program without a name',
    production('{ adapter: command, command: [] }'),
    ['5:37: services.shop.deploy.production.deploy.command.0: is missing: it must be text.'],
  ],
  [
    'numbers among the arguments',
    production('{ adapter: command, command: [deploy, 4100] }'),
    ['5:55: services.shop.deploy.production.deploy.command.1: must be text, not a number.'],
  ],
  [
    'what is not a duration',
    measures(`{ ${probe}, interval: 10 lightyears }`),
    [
      '7:72: services.shop.monitoring.production.measures.0.interval: is not a duration: write a number and a unit, such as 30s, 15m, 2h or 3d.',
    ],
  ],
  [
    'a list for a duration',
    measures(`{ ${probe}, interval: [1s] }`),
    [
      '7:62: services.shop.monitoring.production.measures.0.interval: must be text or a number, not a list.',
    ],
  ],
  [
    'no measure at all',
    'services:\n  shop:\n    monitoring:\n      production:\n        measures: []\n',
    ['5:9: services.shop.monitoring.production.measures: must not be empty.'],
  ],
  [
    'a status that is none, in a list',
    measures(`{ ${probe}, status: [200, 20] }`),
    ['7:76: services.shop.monitoring.production.measures.0.status.1: must be at least 100.'],
  ],
  [
    'half a number',
    measures(`{ ${probe}, failureLimit: 1.5 }`),
    ['7:76: services.shop.monitoring.production.measures.0.failureLimit: must be a whole number.'],
  ],
  [
    'two measures of one name',
    measures(`{ ${probe} }`, `{ ${probe} }`),
    [
      '8:36: services.shop.monitoring.production.measures.1.name: has the name "health", as services.shop.monitoring.production.measures.0.name has: give it another name, or remove it.',
    ],
  ],
  [
    'a service with a name that cannot be called',
    'services:\n  "the shop": {}\n',
    [
      '2:3: services.the shop: must be a service name: letters, digits and _ . -, starting with a letter or digit.',
    ],
  ],
  [
    'the log twice',
    'notifications:\n  - adapter: log\n  - adapter: log\n',
    [
      '3:14: notifications.1.adapter: has the name "log", as notifications.0.adapter has: give it another name, or remove it.',
    ],
  ],
  [
    'ids that differ in case alone, and two that have a meaning',
    'people:\n  ana: { name: Ana }\n  Waiting: { name: W }\n  hotfix: { name: H }\ntools:\n  ANA: { token: sha256:' +
      '0'.repeat(64) +
      ' }\n',
    [
      '1:1: people: nobody has a token while tools have, so nobody could act: give the people theirs by `npm run token -- PERSON`.',
      '3:3: people.Waiting: has a meaning of its own (waiting, everyone, hotfix): choose another id.',
      '4:3: people.hotfix: has a meaning of its own (waiting, everyone, hotfix): choose another id.',
      '6:3: tools.ANA: is the same as people.ana, whose id differs at most in upper and lower case: choose another id.',
    ],
  ],
  [
    'a key that would vanish',
    'services:\n  __proto__: {}\n',
    ['2:3: services.__proto__: cannot be a key here: choose another name.'],
  ],
])('%s', (_, text, problems) => {
  expect(problemsOf(text)).toEqual(problems.map((problem) => `hotfix.yaml:${problem}`));
});

test.each([
  ['an open bracket', 'roles: { tester: [ana\nservices: {}\n', 2],
  ['an open quote', 'people: {}\nservices: "a\n', 3],
  ['a tab', 'people:\n\tana: {}\n', 2],
  ['a wrong indentation', 'people:\n  ana: {}\n bob: {}\n', 3],
  ['two colons', 'people:\n  ana: name: Ana\n', 2],
  ['an alias of nothing', 'people: {}\nroles: *nobody\n', 2],
  ['two documents', 'people: {}\n---\npeople: {}\n', 2],
  ['an unknown tag', 'people: {}\nservices: !include x\n', 2],
  ['a backslash', 'people: {}\ntools: { a: "\\q" }\n', 2],
  ['a key that is a map', 'people: {}\n? { a: b }\n: c\n', 2],
])('YAML with %s is told by its line', (_, text, line) => {
  const [first = ''] = problemsOf(text);
  expect(first).toMatch(new RegExp(`^hotfix\\.yaml:${line}:\\d+: .+\\.$`));
});

test('several errors of the YAML are told together', () => {
  expect(problemsOf('a: [1\nb: "x\n\tc: d\n').length).toBeGreaterThan(1);
});

const bomb = ['l0: &l0 [x, x]']
  .concat(Array.from({ length: 40 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}x]`))
  .join('\n');

test('aliases of aliases do not unfold', () => {
  expect(problemsOf(bomb)).toEqual([
    'hotfix.yaml:2:10: aliases (*name) unfold to too much from here on: write those parts out.',
  ]);
});

test('an alias within its own anchor is read as far as the file may be deep', () => {
  expect(problemsOf('people: &a\n  ana: *a\n')).toEqual([
    'hotfix.yaml:2:3: people.ana.ana: is not a key here; the keys are name, contacts, token.',
    'hotfix.yaml:2:8: people.ana.name: is missing: it must be text.',
  ]);
});

test('nesting without end is refused', () => {
  const [first = ''] = problemsOf(`people: ${'['.repeat(20_000)}`);
  expect(first).toMatch(/^hotfix\.yaml:1:\d+: /);
});

test('an anchor may be used in hundreds of services; what is wrong in it is told once', () => {
  const services = Array.from({ length: 300 }, (_, i) => `  s${i}: { deploy: *deploy }\n`);
  const file = (adapter: string) =>
    `services:\n  shop:\n    deploy: &deploy { production: { deploy: { adapter: ${adapter} } } }\n${services.join('')}`;
  expect(problemsOf(file('manual'))).toEqual([]);
  expect(problemsOf(file('magic'))).toEqual([
    'hotfix.yaml:3:56: services.shop.deploy.production.deploy.adapter: must be argocd, command, github-deployment, github-workflow, http, kubernetes or manual.',
  ]);
});

test('all at once, in the order of the lines, in a file of a thousand lines', () => {
  const services = Array.from(
    { length: 250 },
    (_, i) => `  s${i}:\n    roles:\n      # of the service ${i}\n      tester: [ana]`,
  );
  const lines = ['people:', '  ana: { name: Ana }', 'services:', ...services]
    .join('\n')
    .split('\n');
  lines[6] = '      tester: [bob]';
  lines[502] = '      testers: [ana]';
  lines[1001] = '      # the last one';
  lines[1002] = '      tester: ana';
  expect(lines).toHaveLength(1003);
  expect(problemsOf(lines.join('\n')).map((line) => line.split(': ').slice(0, 2))).toEqual([
    ['hotfix.yaml:7:16', 'services.s0.roles.tester.0'],
    ['hotfix.yaml:503:7', 'services.s124.roles.testers'],
    ['hotfix.yaml:1003:15', 'services.s249.roles.tester'],
  ]);
});

test('errors of every kind come together', () => {
  const problems = problemsOf(`
people:
  ana: { name: Ana }
  ana: { name: Anna }
roles: { tester: [zoe], chief: [ana] }
unknownServices: perhaps
notifications: [{ adapter: webhook, name: chat, url: http://chat, secretEnv: CHAT_SECRET }]
`);
  expect(problems.map((line) => line.split(': ').slice(0, 2))).toEqual([
    ['hotfix.yaml:4:3', 'people.ana'],
    ['hotfix.yaml:5:19', 'roles.tester.0'],
    ['hotfix.yaml:5:25', 'roles.chief'],
    ['hotfix.yaml:6:18', 'unknownServices'],
    ['hotfix.yaml:7:78', 'notifications.0.secretEnv'],
  ]);
});

test('strangers are found in every list of people and roles', () => {
  const levels =
    'levels: [{ name: a, notify: [waiting, deployer, zoe], acknowledgeWithin: 1m, decideWithin: 1m }]';
  const policy = (indent: string) =>
    [
      'policy:',
      '  mayManage: [deployer, waiting]',
      '  mayBypassReview: [yan]',
      `  escalation: { verify: { limit: 1m, ${levels}, repeatEvery: 1m } }`,
    ]
      .map((line) => `${indent}${line}\n`)
      .join('');
  const problems = problemsOf(`${policy('')}services:\n  shop:\n${policy('    ')}`);
  expect(problems.map((line) => line.replace(/which .*/, '…'))).toEqual([
    'hotfix.yaml:2:25: policy.mayManage.1: names "waiting", …',
    'hotfix.yaml:3:21: policy.mayBypassReview.0: names "yan", …',
    'hotfix.yaml:4:86: policy.escalation.verify.levels.0.notify.2: names "zoe", …',
    'hotfix.yaml:8:29: services.shop.policy.mayManage.1: names "waiting", …',
    'hotfix.yaml:9:25: services.shop.policy.mayBypassReview.0: names "yan", …',
    'hotfix.yaml:10:90: services.shop.policy.escalation.verify.levels.0.notify.2: names "zoe", …',
  ]);
});

test('a token is one person’s or one tool’s', () => {
  const [one, other] = [hashFor('one'), hashFor('other')];
  const text = stringify({
    people: { ...everyPerson, zoe: { name: 'Zoe', token: [one, other] } },
    tools: { pager: { token: other.toUpperCase().replace('SHA', 'sha') }, bell: { token: one } },
    roles: everyRole,
  });
  expect(problemsOf(text).map((line) => line.replace(/^[^ ]+ /, ''))).toEqual([
    'tools.pager.token: is the token of people.zoe already: make another one by `npm run token -- pager`.',
    'tools.bell.token: is the token of people.zoe already: make another one by `npm run token -- bell`.',
  ]);
});

test('a secret in the wrong place is not repeated', () => {
  const secret = 'hfx_c2VjcmV0LXNlY3JldC1zZWNyZXQ';
  const problems = problemsOf(
    `people:\n  ana: { name: Ana, token: ${secret} }\n  ben: { ${secret}: 1 }\n  cy: "${secret}\\q"\nroles: { tester: [${secret}] }\n`,
  );
  expect(problems.length).toBeGreaterThan(0);
  const others = problemsOf(
    `people:\n  ana: { name: Ana, token: ${secret} }\n  ben: { name: Ben, ${secret}: 1 }\nroles: { tester: [${secret}] }\n`,
  );
  expect(others).toHaveLength(3);
  expect([...problems, ...others].join()).not.toContain('c2Vj');
});

test('what the environment lacks is named, and what it holds is not', () => {
  const text = `services:
  shop:
    deploy:
      production:
        deploy: { adapter: http, url: https://d.example.com, secretEnv: DEPLOYS }
        rollback: { adapter: command, command: [undo], passEnv: [CLOUD_KEY, EMPTY] }
    monitoring:
      staging:
        measures:
          - { adapter: command, name: c, command: [probe], success: { atMost: 0 }, passEnv: [PROBE_KEY] }
      production:
        measures:
          - { adapter: prometheus, name: e, url: http://p, query: up, success: { above: 0 }, tokenEnv: PROM }
          - { adapter: json, name: j, url: http://j, path: $.a, success: { above: 0 }, tokenEnv: JSON_TOKEN }
notifications:
  - { adapter: webhook, name: chat, url: http://chat, secretEnv: CHAT }
links: { url: https://hotfix.example.com, secretEnv: LINKS }
`;
  const env = { EMPTY: '', CHAT: 'not base64: sesame', LINKS: 'c2VzYW1lIQ==' };
  const problems = problemsOf(text, env);
  expect(problems.map((line) => line.replace(/^[^ ]+ [^ ]+ /, ''))).toEqual([
    'names the environment variable DEPLOYS, which is not set: set it where Hotfix is started.',
    'names the environment variable CLOUD_KEY, which is not set: set it where Hotfix is started.',
    'names the environment variable EMPTY, which is not set: set it where Hotfix is started.',
    'names the environment variable PROBE_KEY, which is not set: set it where Hotfix is started.',
    'names the environment variable PROM, which is not set: set it where Hotfix is started.',
    'names the environment variable JSON_TOKEN, which is not set: set it where Hotfix is started.',
    'names the environment variable CHAT, which holds no webhook secret: set it to base64 such as the output of `openssl rand -base64 32`.',
    'names the environment variable LINKS, which holds no secret for links: set it to base64 of 32 bytes such as the output of `openssl rand -base64 32`.',
  ]);
  expect(problems.join()).not.toMatch(/sesame|c2VzYW1l/);
  const all = {
    DEPLOYS: webhookSecret,
    CLOUD_KEY: 'k',
    EMPTY: 'e',
    PROBE_KEY: 'k',
    PROM: 'p',
    JSON_TOKEN: 'j',
    CHAT: webhookSecret,
    LINKS: Buffer.alloc(32, 1).toString('base64'),
  };
  expect(problemsOf(text, all)).toEqual([]);
});

test.each([
  ['hotfix.example.com', 'must be an http or https url.'],
  ['https://hotfix.example.com/?a=b', 'must end with its path, without ? or #.'],
])('links do not begin with %s', (url, sentence) => {
  const env = { LINKS: Buffer.alloc(32, 1).toString('base64') };
  expect(problemsOf(`links: { url: '${url}', secretEnv: LINKS }`, env)).toEqual([
    `hotfix.yaml:1:15: links.url: ${sentence}`,
  ]);
});

const { tester: _, ...withoutTester } = everyRole;

test('with tokens, a role that nobody holds is told once, where it belongs', () => {
  const file = { people: everyPerson, services: { a: {}, b: {} }, roles: withoutTester };
  expect(problemsOf(stringify(file)).map((line) => line.replace(/^[^ ]+ /, ''))).toEqual([
    'roles.tester: nobody holds the role tester while tokens are configured, so nobody could act: name at least one person with a token.',
  ]);
});

test('without tokens a role may be anybody’s', () => {
  const people = Object.fromEntries(Object.keys(everyPerson).map((id) => [id, { name: id }]));
  expect(problemsOf(stringify({ people, roles: withoutTester }))).toEqual([]);
});

test('a service may name who the defaults do not, where other services are refused', () => {
  const services = { shop: { roles: { tester: ['a-tester'] } } };
  const file = { people: everyPerson, roles: withoutTester, services };
  expect(problemsOf(stringify(file))).toHaveLength(1);
  expect(problemsOf(stringify({ ...file, unknownServices: 'refuse' }))).toEqual([]);
});

test('who holds a role of a service and has no token cannot act', () => {
  const file = {
    people: { ...everyPerson, zoe: { name: 'Zoe' } },
    roles: everyRole,
    services: { shop: { roles: { tester: ['zoe'] } } },
  };
  expect(problemsOf(stringify(file)).map((line) => line.replace(/^[^ ]+ /, ''))).toEqual([
    'services.shop.roles.tester: none of zoe has a token, so nobody could act as tester: make one by `npm run token -- zoe`.',
  ]);
});

test.each([
  [['ana'], ['ana', 'ben'], ['ben', 'ana']],
  [['ana', 'ben'], ['ana', 'ben'], ['ben']],
])(
  'a review that could never be given is told: %s %s %s',
  (bugFixer, reviewer, securityReviewer) => {
    const people = { ana: { name: 'Ana' }, ben: { name: 'Ben' }, cy: { name: 'Cy' } };
    const roles = { bugFixer, reviewer, securityReviewer };
    expect(problemsOf(stringify({ people, roles })).join()).toMatch(
      /roles\.securityReviewer: the fix, the sanity check and the security check need three/,
    );
    roles.reviewer = [...reviewer, 'cy'];
    expect(problemsOf(stringify({ people, roles }))).toEqual([]);
  },
);

test('a person with the id of a role must be the one who holds it', () => {
  const people = { tester: { name: 'T' }, ana: { name: 'Ana' } };
  const told = /people\.tester: has the id of a role that this person does not hold everywhere/;
  expect(problemsOf(stringify({ people, roles: { tester: ['ana'] } })).join()).toMatch(told);
  expect(problemsOf(stringify({ people, roles: { tester: ['ana', 'tester'] } }))).toEqual([]);
});

const query = 'adapter: prometheus, name: errors, url: http://p, query: up';
const well = 'success: { below: 1 }';
const at = (text: string) => `services.shop.monitoring.production.measures.${text}`;

test.each([
  [
    'no condition',
    `{ ${query} }`,
    '0: has no condition to tell good from bad: write success, failure or both.',
  ],
  [
    'a condition without a bound',
    `{ ${query}, success: {} }`,
    '0.success: must name at least one of below, atMost, above, atLeast.',
  ],
  [
    'bounds that contradict each other',
    `{ ${query}, success: { above: 2, below: 1 } }`,
    '0.success: can hold for no value, so the measure could never pass: correct the bounds.',
  ],
  [
    'bounds that exclude the value between them',
    `{ ${query}, failure: { atLeast: 1, below: 1 } }`,
    '0.failure: can hold for no value, so it never fails: correct the bounds.',
  ],
  [
    'a failure over all of success',
    `{ ${query}, success: { above: 2 }, failure: { above: 1 } }`,
    '0.failure: holds wherever success does, and failure goes first, so the measure could never pass: keep the two apart.',
  ],
  [
    'text for a bound',
    `{ ${query}, success: { below: much } }`,
    '0.success.below: must be a number or a map of keys and values, not text.',
  ],
  [
    'a baseline that is none',
    `{ ${query}, success: { below: { of: after } } }`,
    '0.success.below.of: must be before or during.',
  ],
  [
    'a baseline of what has no past',
    `{ adapter: json, name: a, url: http://j, path: $.a, success: { below: { of: before } } }`,
    '0.success.below: is relative to a baseline, and this adapter cannot look back: write a number, or ask Prometheus.',
  ],
  [
    'the same of a program',
    `{ adapter: command, name: a, command: [probe], failure: { above: { of: during } } }`,
    '0.failure.above: is relative to a baseline, and this adapter cannot look back: write a number, or ask Prometheus.',
  ],
  [
    'a path that does not parse',
    `{ adapter: json, name: a, url: http://j, path: 'a.b', ${well} }`,
    "0.path: is not a JSONPath (RFC 9535), such as $.errors.rate: expected '$', found 'a' ('a.b':0).",
  ],
  [
    'an adapter that is none',
    `{ adapter: datadog, name: a, ${well} }`,
    '0.adapter: must be command, http, json or prometheus.',
  ],
  [
    'conditions of what knows itself what is well',
    `{ ${probe}, ${well} }`,
    /^0\.success: is not a key here; the keys are adapter, name, .*maxLatency\.$/,
  ],
  [
    'count and duration',
    `{ ${query}, ${well}, count: 2, duration: 30s }`,
    '0.count: says with duration when to stop, each in its own way: keep one of them.',
  ],
  [
    'a delay beyond the soak',
    `{ ${query}, ${well}, initialDelay: 61s }`,
    '0.initialDelay: is longer than the soak of 1m, so nothing would be measured: shorten it.',
  ],
  [
    'a duration beyond the soak',
    `{ ${query}, ${well}, initialDelay: 20s, duration: 41s }`,
    '0.duration: goes beyond the soak of 1m: shorten it, or leave it out to measure all of it.',
  ],
  [
    'an interval longer than the soak',
    `{ ${query}, ${well}, interval: 2m }`,
    '0.interval: the interval of 2m is longer than the 1m that are measured, so there would be one measurement: shorten it.',
  ],
  [
    'the interval by default, longer than the duration',
    `{ ${query}, ${well}, duration: 5s }`,
    '0: the interval of 10s is longer than the 5s that are measured, so there would be one measurement: shorten it.',
  ],
  [
    'a count beyond the soak',
    `{ ${query}, ${well}, count: 8 }`,
    '0.count: takes longer than the 1m that are measured, at one every 10s: lower it, or soak longer.',
  ],
  [
    'a count that bears all failures',
    `{ ${query}, ${well}, count: 3, failureLimit: 3 }`,
    '0.failureLimit: bears all 3 measurements that there is time for, so the measure could never fail: write at most 2, or measure more often or longer.',
  ],
  [
    'a limit that bears every failure of the soak',
    `{ ${query}, ${well}, failureLimit: 7 }`,
    '0.failureLimit: bears all 7 measurements that there is time for, so the measure could never fail: write at most 6, or measure more often or longer.',
  ],
  [
    'a limit that bears every gap',
    `{ ${query}, ${well}, interval: 20s, inconclusiveLimit: 4 }`,
    '0.inconclusiveLimit: bears all 4 measurements that there is time for, so the measure could never be inconclusive: write at most 3, or measure more often or longer.',
  ],
  [
    'a limit that bears every error, which are tried again sooner',
    `{ ${query}, ${well}, interval: 20s, consecutiveErrorLimit: 7 }`,
    /^0\.consecutiveErrorLimit: bears all 7 measurements/,
  ],
  [
    'a window that reaches behind the deploy',
    `{ adapter: prometheus, name: a, url: http://p, query: 'sum(rate(x[30s])) / sum(rate(y[20s]))', ${well}, initialDelay: 20s }`,
    '0.query: looks back 30s, to before the deploy at its first measurement: set initialDelay to 30s, or shorten the window.',
  ],
])('a measure with %s', (_, measure, problem) => {
  const told = problemsOf(measures(measure)).map((line) =>
    line.replace(/^hotfix\.yaml:7:\d+: /, ''),
  );
  expect(told).toHaveLength(1);
  const sentence = told[0]?.replace(at(''), '') ?? '';
  if (typeof problem === 'string') expect(sentence).toBe(problem);
  else expect(sentence).toMatch(problem);
});

test.each([
  `{ ${query}, ${well}, count: 7, failureLimit: 6 }`,
  `{ ${query}, ${well}, initialDelay: 50s }`,
  `{ ${query}, ${well}, interval: 20s, consecutiveErrorLimit: 6 }`,
  `{ adapter: prometheus, name: a, url: http://p, query: 'rate(x[30s])', ${well}, initialDelay: 30s }`,
  `{ ${query}, ${well}, initialDelay: 60s }`,
  `{ ${query}, success: { below: { of: before, factor: 1.5 } }, failure: { above: 3, atLeast: { of: during } } }`,
  `{ ${query}, success: { above: 1 }, failure: { above: 2 } }`,
  `{ ${query}, failure: { above: 1, atMost: 1.5 }, noData: success }`,
  `{ adapter: json, name: a, url: http://j, path: '$..jobs[?@.state == "dead"].age', ${well} }`,
])('a measure that is well: %s', (measure) => {
  expect(problemsOf(measures(measure))).toEqual([]);
});

test('a soak of nothing takes any interval', () => {
  const text = measures(`{ ${query}, ${well} }`).replace('1m', '0s');
  expect(problemsOf(text)).toEqual([]);
});

test('all that is wrong with the measures is told at once, each by its line', () => {
  const text = measures(
    `{ ${query} }`,
    `{ ${query}, failure: { below: 1, above: 1 }, interval: often, count: 2, duration: 1s }`,
    `{ adapter: json, name: j, path: '$[', ${well}, initialDelay: 2m }`,
    '{ adapter: magic }',
  );
  expect(problemsOf(text).map((line) => line.split(': ').slice(0, 2))).toEqual([
    ['hotfix.yaml:7:13', at('0')],
    ['hotfix.yaml:8:42', at('1.name')],
    ['hotfix.yaml:8:76', at('1.failure')],
    ['hotfix.yaml:8:119', at('1.interval')],
    ['hotfix.yaml:8:133', at('1.count')],
    ['hotfix.yaml:9:13', at('2.url')],
    ['hotfix.yaml:9:45', at('2.path')],
    ['hotfix.yaml:9:88', at('2.initialDelay')],
    ['hotfix.yaml:10:24', at('3.adapter')],
  ]);
});

test('staging may have measures of the same names, and is checked in the same way', () => {
  const text = stringify({
    services: {
      shop: {
        monitoring: Object.fromEntries(
          ['staging', 'production'].map((environment) => [
            environment,
            { measures: [{ adapter: 'command', name: 'a', command: ['probe'] }] },
          ]),
        ),
      },
    },
  });
  expect(problemsOf(text).map((line) => line.split(': ')[1])).toEqual([
    'services.shop.monitoring.staging.measures.0',
    'services.shop.monitoring.production.measures.0',
  ]);
});

describe('two services with one target would not wait for each other', () => {
  const kubernetes = (name: string) =>
    `{ adapter: kubernetes, kind: Deployment, namespace: n, name: ${name}, image: 'a:{ref}', kubeconfig: k }`;
  const github = (more: string) =>
    `{ adapter: github-deployment, repository: a/b, tokenEnv: T${more} }`;
  const file = (one: string, other: string) =>
    `services:\n  shop:\n    deploy:\n      production:\n        deploy: ${one}\n  store:\n    deploy:\n      production:\n        deploy: ${other}\n`;
  const told = /deploys to the same place as services\.shop\.deploy\.production/;

  test.each([
    ['kubernetes', file(kubernetes('web'), kubernetes('web'))],
    ['github-deployment', file(github(''), github(', environment: production'))],
  ])('%s', (_, text) => {
    const problems = problemsOf(text);
    expect(problems.find((problem) => told.test(problem))).toMatch(
      /^hotfix\.yaml:9:9: services\.store/,
    );
  });

  test('two targets are two', () => {
    const text = file(kubernetes('web'), kubernetes('api'));
    expect(problemsOf(text).filter((problem) => told.test(problem))).toEqual([]);
  });
});
