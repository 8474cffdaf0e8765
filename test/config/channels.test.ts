import { describe, expect, test } from 'vitest';
import { problemsOf } from './support.ts';

const withPeople = (notifications: string) =>
  `people: { ana: { name: Ana, contacts: { email: ana@example.com } } }\nnotifications:\n${notifications}\n`;

describe('e-mail', () => {
  const mail = '  - { adapter: email, from: hotfix@example.com, urlEnv: SMTP_URL }';
  const url = 'smtps://hotfix:very-secret@mail.example.com';

  test('needs somebody with an address', () => {
    expect(problemsOf(withPeople(mail), { SMTP_URL: url })).toEqual([]);
    expect(problemsOf(`notifications:\n${mail}\n`, { SMTP_URL: url })).toEqual([
      'hotfix.yaml:2:5: notifications.0: sends mail while nobody has an address: add contacts.email to the people, or remove it.',
    ]);
  });

  test('needs its server, which is shown in no problem', () => {
    expect(problemsOf(withPeople(mail))).toEqual([
      'hotfix.yaml:3:57: notifications.0.urlEnv: names the environment variable SMTP_URL, which is not set: set it where Hotfix is started.',
    ]);
    const wrong = 'https://hotfix:very-secret@mail.example.com';
    expect(problemsOf(withPeople(mail), { SMTP_URL: wrong })).toEqual([
      'hotfix.yaml:3:57: notifications.0.urlEnv: names the environment variable SMTP_URL, which is not the address of a mail server: set it to smtps://user:password@host, or smtp:// where TLS begins later.',
    ]);
  });

  test('has one server, in one of two ways, and a sender', () => {
    const of = (rest: string) =>
      problemsOf(withPeople(`  - { adapter: email, ${rest} }`), { SMTP_URL: url });
    expect(of('from: hotfix@example.com')).toEqual([
      expect.stringContaining('needs one of urlEnv and host, to know the mail server.'),
    ]);
    expect(of('from: hotfix@example.com, host: relay, urlEnv: SMTP_URL')).toHaveLength(1);
    expect(of('from: hotfix@example.com, port: 25, urlEnv: SMTP_URL')).toEqual([
      expect.stringContaining('goes with host; the address in urlEnv has its own port.'),
    ]);
    expect(of('from: nobody, host: relay')).toEqual([
      expect.stringContaining('must be an address, such as Hotfix <hotfix@example.com>.'),
    ]);
    expect(of('from: Hotfix <hotfix@example.com>, host: relay, port: 2525')).toEqual([]);
  });
});

describe('Slack', () => {
  const env = { TOKEN: 'xoxb-1', SECRET: 'secret' };
  const of = (people: string, rest = '') =>
    problemsOf(
      `people: { ${people} }\nnotifications:\n  - { adapter: slack, channel: C012AB3CD, tokenEnv: TOKEN${rest} }\n`,
      env,
    );

  test('with buttons needs somebody who can press them', () => {
    expect(of('ana: { name: Ana }')).toEqual([]);
    expect(of('ana: { name: Ana }', ', signingSecretEnv: SECRET')).toEqual([
      'hotfix.yaml:3:5: notifications.0: has buttons while nobody is known by a member id of Slack: add contacts.slack to the people, or remove signingSecretEnv.',
    ]);
    expect(
      of('ana: { name: Ana, contacts: { slack: U012AB3CD } }', ', signingSecretEnv: SECRET'),
    ).toEqual([]);
  });

  test('knows each member as one person', () => {
    const same = 'contacts: { slack: U012AB3CD }';
    expect(of(`ana: { name: Ana, ${same} }, ben: { name: Ben, ${same} }`)).toEqual([
      expect.stringContaining(
        'people.ben.contacts.slack: is the member id of people.ana already: each person has their own.',
      ),
    ]);
  });

  test('needs its secrets, and a channel', () => {
    expect(
      of('ana: { name: Ana, contacts: { slack: U012AB3CD } }', ', signingSecretEnv: OTHER'),
    ).toEqual([expect.stringContaining('names the environment variable OTHER, which is not set')]);
    const wrong = 'notifications: [{ adapter: slack, channel: incidents, tokenEnv: TOKEN }]';
    expect(problemsOf(wrong, env)).toEqual([
      expect.stringContaining(
        'must be the id of a channel, such as C012AB3CD, or its name, such as #incidents.',
      ),
    ]);
  });
});

test('Teams needs the address of its workflow, which is shown in no problem', () => {
  const text = 'notifications: [{ adapter: teams, urlEnv: TEAMS_URL }]';
  expect(problemsOf(text, { TEAMS_URL: 'https://example.com/secret' })).toEqual([]);
  const [problem, ...others] = problemsOf(text, { TEAMS_URL: 'my-secret' });
  expect(others).toEqual([]);
  expect(problem).toContain(
    'notifications.0.urlEnv: names the environment variable TEAMS_URL, which is not the address of a workflow',
  );
  expect(problem).not.toContain('my-secret');
});

test('channels of one kind need names of their own', () => {
  const two =
    '  - { adapter: email, from: a@b.c, host: x }\n  - { adapter: email, from: a@b.c, host: y }';
  expect(problemsOf(withPeople(two))).toEqual([
    'hotfix.yaml:4:16: notifications.1.adapter: has the name "email", as notifications.0.adapter has: give it another name, or remove it.',
  ]);
  expect(problemsOf(withPeople(two.replace('host: y', 'host: y, name: other')))).toEqual([]);
});

test('a rate is a number of requests a second', () => {
  const rate = (value: string) =>
    problemsOf(withPeople(`  - { adapter: email, from: a@b.c, host: x, rateLimit: ${value} }`));
  expect(rate('0.5')).toEqual([]);
  expect(rate('0')).toEqual([expect.stringContaining('rateLimit: must be at least 0.01.')]);
  expect(rate('5/s')).toEqual([expect.stringContaining('rateLimit: must be a number, not text.')]);
});
