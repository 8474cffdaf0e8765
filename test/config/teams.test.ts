import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createDirectory } from '../../src/config/directory.ts';
import { parseConfig } from '../../src/config/load.ts';
import { cyclesOf, expand, type Teams } from '../../src/config/teams.ts';
import { roleIds } from '../../src/process/phases.ts';
import { everyPerson, everyRole, hashFor, problemsOf } from './support.ts';

const people = ['ana', 'ben', 'cy'];
const names = ['t0', 't1', 't2', 't3', 'constructor'];
const members = fc.array(fc.constantFrom(...people, ...names), { minLength: 1, maxLength: 4 });
const teamsArbitrary: fc.Arbitrary<Teams> = fc
  .dictionary(fc.constantFrom(...names), members)
  // What nobody has made a team is told as unknown, and is nobody here.
  .map((teams) =>
    Object.fromEntries(
      Object.entries(teams).map(([name, all]) => [
        name,
        all.filter((one) => people.includes(one) || Object.hasOwn(teams, one)),
      ]),
    ),
  );

/** The same by a closure of the relation, without any recursion. */
function reachable(teams: Teams, from: string): Set<string> {
  const found = new Set<string>();
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const name of [from, ...found]) {
      for (const member of Object.hasOwn(teams, name) ? (teams[name] ?? []) : []) found.add(member);
    }
  }
  return found;
}

describe('teams', () => {
  test('become the people in them, however deep, each once', () => {
    fc.assert(
      fc.property(teamsArbitrary, members, (teams, list) => {
        const expanded = expand(list, teams);
        const expected = list.flatMap((name) =>
          Object.hasOwn(teams, name)
            ? [...reachable(teams, name)].filter((one) => !Object.hasOwn(teams, one))
            : [name],
        );
        expect(new Set(expanded)).toEqual(new Set(expected));
        expect(expanded).toHaveLength(new Set(expanded).size);
      }),
    );
  });

  test('that hold themselves are found, with a way that is really there, and no others', () => {
    fc.assert(
      fc.property(teamsArbitrary, (teams) => {
        const cycles = cyclesOf(teams);
        for (const way of cycles) {
          expect(way.at(0)).toBe(way.at(-1));
          for (const [index, name] of way.slice(1).entries()) {
            expect(teams[way[index] ?? '']).toContain(name);
          }
        }
        const inCycles = new Set(cycles.flat());
        for (const team of Object.keys(teams)) {
          expect(inCycles.has(team)).toBe(reachable(teams, team).has(team));
        }
      }),
    );
  });

  test('thousands of them within each other are no work', () => {
    const nested = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, n) => [`t${n}`, [`t${n + 1}`, `t${n + 2}`, `p${n}`]]),
      );
    expect(expand(['t0'], nested(9_000))).toHaveLength(9_002);
    expect(cyclesOf(nested(100))).toEqual([]);
    expect(cyclesOf({ ...nested(100), t100: ['t0'] }).length).toBeGreaterThan(0);
  });
});

const ids = Object.fromEntries(people.map((id) => [id, { name: id }]));
const rota = { adapter: 'ical', url: 'https://calendar.example.com/feed.ics' };
const told = (file: object, env = {}) =>
  problemsOf(stringify({ people: ids, ...file }), env).map((line) =>
    line.replace(/^hotfix\.yaml:\d+:\d+: /, ''),
  );

test.each<[string, object, string[]]>([
  [
    'a team in a circle',
    { teams: { a: ['b', 'ana'], b: ['c'], c: ['a'] } },
    ['teams.a: holds itself (a → b → c → a): take one of these teams out of the other.'],
  ],
  [
    'a team that holds itself',
    { teams: { a: ['a'] } },
    ['teams.a: holds itself (a → a): take one of these teams out of the other.'],
  ],
  ['a team of nobody', { teams: { a: [] } }, ['teams.a: must not be empty.']],
  [
    'strangers in a team',
    { teams: { a: ['zoe', 'reviewer'] } },
    [
      'teams.a.0: names "zoe", who is neither among the people nor a team: add them there, or correct the name.',
      'teams.a.1: names "reviewer", who is neither among the people nor a team: add them there, or correct the name.',
    ],
  ],
  [
    'a rota in a team',
    { teams: { a: ['ana', 'duty'] }, onCall: { duty: rota } },
    [
      'teams.a.1: names the rota "duty", and a team is of people and teams: name the rota beside the team.',
    ],
  ],
  [
    'one name for several things',
    { teams: { Ana: ['ben'], duty: ['ben'] }, onCall: { duty: rota, waiting: rota } },
    [
      'teams.Ana: is the same as people.ana, whose id differs at most in upper and lower case: choose another id.',
      'onCall.duty: is the same as teams.duty, whose id differs at most in upper and lower case: choose another id.',
      'onCall.waiting: has a meaning of its own (waiting, everyone, hotfix): choose another id.',
    ],
  ],
  [
    'names of roles',
    { teams: { reviewer: ['ben'] }, onCall: { Deployer: rota } },
    [
      'teams.reviewer: has the name of a role (roles.reviewer): choose another name.',
      'onCall.Deployer: has the name of a role (roles.deployer): choose another name.',
    ],
  ],
  [
    'a name that is none of them',
    { teams: { a: ['ana'] }, onCall: { duty: rota }, roles: { tester: ['a', 'duty', 'dutty'] } },
    [
      'roles.tester.2: names "dutty", who is not among the people, the teams and the rotas under onCall: add them there, or correct the name.',
    ],
  ],
  [
    'in a policy a name that is none of them',
    { teams: { a: ['ana'] }, onCall: { duty: rota }, policy: { mayManage: ['a', 'duty', 'b'] } },
    [
      `policy.mayManage.2: names "b", which is neither a person, a team, a rota nor a role: add it, or write one of ${roleIds.join(', ')}.`,
    ],
  ],
  [
    'a rota with two urls, and one with none',
    { onCall: { duty: { ...rota, urlEnv: 'FEED' }, other: { adapter: 'ical' } } },
    [
      'onCall.duty: must have either url or urlEnv.',
      'onCall.duty.urlEnv: names the environment variable FEED, which is not set: set it where Hotfix is started.',
      'onCall.other: must have either url or urlEnv.',
    ],
  ],
  [
    'what cannot be asked',
    {
      onCall: {
        a: { adapter: 'ical', url: 'webcal://calendar.example.com/feed', timeZone: 'Mars/Olympus' },
        b: { adapter: 'pagerduty', schedules: ['primary'], tokenEnv: 'TOKEN', timeout: '1m' },
        c: { adapter: 'opsgenie' },
      },
    },
    [
      'onCall.a.url: must be an http or https url; write https for webcal.',
      'onCall.a.timeZone: must be a time zone such as Europe/Berlin.',
      'onCall.b.schedules.0: must be the id of a schedule, such as PI7DH85.',
      'onCall.b.tokenEnv: names the environment variable TOKEN, which is not set: set it where Hotfix is started.',
      'onCall.b.timeout: must be from 100ms to 15s.',
      'onCall.c.adapter: must be ical or pagerduty.',
    ],
  ],
])('%s: told', (_, file, problems) => {
  expect(told(file)).toEqual(problems);
});

test('each by its line', () => {
  const text = `people: { ana: { name: Ana } }
teams:
  web:
    - ana
    - api
  api: [web]
onCall:
  primary:
    adapter: pagerduty
    schedules: [PI7DH85]
roles:
  tester: [web, zoe]
`;
  expect(problemsOf(text).map((line) => line.split(': ').slice(0, 2))).toEqual([
    ['hotfix.yaml:3:3', 'teams.web'],
    ['hotfix.yaml:8:3', 'onCall.primary.tokenEnv'],
    ['hotfix.yaml:12:17', 'roles.tester.1'],
  ]);
});

test('a url in the environment is one, and is never shown', () => {
  const file = { onCall: { duty: { adapter: 'ical', urlEnv: 'FEED' } } };
  expect(told(file, { FEED: 'https://calendar.example.com/secret' })).toEqual([]);
  expect(told(file, { FEED: 'webcal://secret' })).toEqual([
    'onCall.duty.urlEnv: names the environment variable FEED, which holds no http or https url: set it to that of the feed, with https for webcal.',
  ]);
});

test('rights count the people of teams, and a rota as somebody', () => {
  const others = Object.fromEntries(
    Object.entries(everyRole).filter(([role]) => role !== 'tester'),
  );
  const with_ = (tester: string[]) =>
    told({
      people: { ...everyPerson, zoe: { name: 'Zoe' }, yan: { name: 'Yan', token: hashFor('y') } },
      teams: { quality: ['all'], all: ['zoe', 'yan'], idle: ['zoe'] },
      onCall: { duty: rota },
      roles: { ...others, tester },
    });
  expect(with_(['quality'])).toEqual([]);
  expect(with_(['duty'])).toEqual([]);
  expect(with_(['idle'])).toEqual([
    'roles.tester: none of zoe has a token, so nobody could act as tester: make one by `npm run token -- zoe`.',
  ]);
});

test('a review needs three people, out of their teams; a rota counts as one', () => {
  const file = (securityReviewer: string[], team = ['ana', 'ben']) =>
    told({
      teams: { two: team },
      onCall: { duty: rota },
      roles: { bugFixer: ['two'], reviewer: ['two'], securityReviewer },
    });
  expect(file(['two']).join()).toMatch(/need three different people/);
  expect(file(['two'], ['ana', 'ben', 'cy'])).toEqual([]);
  expect(file(['duty'])).toEqual([]);
});

test('an incident begins with the people of the teams and the names of the rotas', () => {
  const level = { acknowledgeWithin: '1m', decideWithin: '1m' };
  const verify = {
    limit: '1m',
    repeatEvery: '1m',
    levels: [{ name: 'all', notify: ['waiting', 'web', 'leads'], ...level }],
  };
  const file = {
    people: ids,
    teams: { web: ['ana', 'api'], api: ['ben', 'ana'] },
    onCall: { duty: rota, leads: rota, unused: rota },
    roles: { tester: ['web', 'duty'], reviewer: ['duty'], monitor: ['cy'] },
    policy: { escalation: { verify }, mayManage: ['web'] },
    services: { shop: { roles: { monitor: ['api'] } } },
  };
  const terms = createDirectory(parseConfig(stringify(file), {})).termsOf('shop');
  expect(terms).toMatchObject({
    assignments: { tester: ['ana', 'ben'], monitor: ['ben', 'ana'] },
    rotas: { tester: ['duty'], reviewer: ['duty'] },
    onCall: ['duty', 'leads'],
    policy: {
      mayManage: ['ana', 'ben'],
      escalation: { verify: { levels: [{ notify: ['waiting', 'ana', 'ben', 'leads'] }] } },
    },
    connected: true,
  });
  expect(terms).not.toMatchObject({ assignments: { reviewer: expect.anything() } });
});
