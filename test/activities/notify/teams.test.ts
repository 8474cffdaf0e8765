import { expect, test } from 'vitest';
import {
  createTeamsChannel,
  teamsChannelConfigSchema,
} from '../../../src/activities/notify/teams/channel.ts';
import { Story } from '../../support/incidents.ts';
import { linesOf, startTeams } from '../../support/standins/teams.ts';
import { channelDeps, deliverBy, messageOf } from './support.ts';

function teams(url: string) {
  const config = { adapter: 'teams', urlEnv: 'TEAMS_URL', rateLimit: 100, timeout: '2s' };
  return createTeamsChannel(
    teamsChannelConfigSchema.parse(config),
    channelDeps({ TEAMS_URL: url }),
  );
}

const assignments = { reviewer: ['rachel'], securityReviewer: ['alex'] };
const late = () => new Story({ assignments }).until('quickReview').hear({ kind: 'clock' }, 15);

test('a message is a card that says what is asked, of whom, until when, and where', async () => {
  const { url, cards } = await startTeams();
  const [delivery] = await deliverBy(teams(url), messageOf(late()));
  expect(delivery).toMatchObject({ outcome: 'delivered', channel: 'teams' });
  const [card] = cards;
  if (!card) throw new Error('no card');
  expect(linesOf(card)).toEqual([
    'Quick review is late: level 1, reviewers and incident manager',
    'Checkout is down',
    'For Rachel Moore, Alex Kim, incidentManager',
    'Fix v42 by bug-fixer: Reverts the broken query.',
    'Reviewer rachel',
    'Sanity check: no breaking change, no loss of data.',
    'was due at 03:15 UTC (15m)',
    'Security reviewer alex',
    'Security check: no breaking change, no loss of data.',
    'was due at 03:15 UTC (15m)',
    'Status: open, P1',
    'Phase: Quick review, attempt 1',
    'Service: shop',
    'Opened: 03:00 UTC',
    'Incident: abc123',
  ]);
  expect(card.body[0]).toMatchObject({ style: 'attention' });
  expect(card.actions?.[0]?.url).toBe('https://hotfix.example.com/incidents/abc123');
  expect(JSON.stringify(card)).not.toContain('rachel-token');
});

test('what ended is good news, and asks nobody', async () => {
  const { url, cards } = await startTeams();
  await deliverBy(teams(url), messageOf(new Story().until('end')));
  expect(cards[0]?.body[0]).toMatchObject({ style: 'good' });
});

test('the longest texts fit', async () => {
  const { url, cards } = await startTeams();
  const long = '🔥 **bold** [link](https://evil.example)\n'.repeat(400);
  const base = messageOf(late());
  const waitingFor = Array.from({ length: 8 }, () => base.incident.waitingFor)
    .flat()
    .map((wait) => ({ ...wait, advice: long, assignees: [long] }));
  const fix = { ref: 'v42', by: 'ben', summary: long };
  const message = {
    ...base,
    title: long,
    subject: long,
    intro: long,
    incident: { ...base.incident, waitingFor, fix },
  };
  const [delivery] = await deliverBy(teams(url), message);
  expect(delivery).toMatchObject({ outcome: 'delivered' });
  expect(cards).toHaveLength(1);
});

test('a 429 is waited for as long as is asked', async () => {
  const { url, cards, received } = await startTeams({
    status: 429,
    headers: { 'retry-after': '1' },
  });
  const [delivery] = await deliverBy(teams(url), messageOf(late()));
  expect(delivery).toMatchObject({ outcome: 'delivered' });
  expect(cards).toHaveLength(1);
  expect(received).toHaveLength(2);
});

test.each([
  [
    401,
    { error: { code: 'DirectApiAuthorizationRequired' } },
    /\(401\): check the address in TEAMS_URL/,
  ],
  [404, { error: { code: 'WorkflowNotFound' } }, /nothing there \(404\)/],
  [
    400,
    { error: { code: 'WorkflowTriggerIsNotEnabled' } },
    /\(400\): .*WorkflowTriggerIsNotEnabled/,
  ],
  [413, '', /refuses the request \(413\)/],
])('a %i is told with what to do, and never with the address', async (status, body, words) => {
  const { url, received } = await startTeams({ status, body });
  const [delivery] = await deliverBy(teams(url), messageOf(late()));
  expect(delivery).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(words) });
  expect(delivery?.reason).not.toMatch(/sig=|a-secret|0123456789abcdef/);
  expect(received).toHaveLength(1);
});

test('a workflow that cannot be reached is told without its address', async () => {
  const { url, close } = await startTeams();
  await close();
  const [delivery] = await deliverBy(teams(url), messageOf(late()));
  expect(delivery?.reason).toMatch(
    /^teams: The workflow of Teams at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/,
  );
  expect(() => teams('no url')).toThrow(/^TEAMS_URL is not the address of a workflow/);
});
