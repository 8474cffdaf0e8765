import { z } from 'zod';
import type { AdapterDeps } from '../deps.ts';
import { permanent, transient } from '../failures.ts';
import {
  assertOk,
  call,
  type HttpAnswer,
  type HttpCall,
  parseAnswer,
  retryAfter,
} from '../http.ts';
import { patience } from './config.ts';
import type { OnCallAnswer, Person, PlannedRota } from './types.ts';

export const pagerDutyRotaConfigSchema = z
  .strictObject({
    adapter: z.literal('pagerduty'),
    schedules: z
      .array(
        z.string().regex(/^P[A-Z0-9]{5,20}$/, {
          error: 'must be the id of a schedule, such as PI7DH85',
        }),
      )
      .min(1)
      .describe("The schedules' ids, which are the ends of their addresses"),
    tokenEnv: z.string().min(1).describe('The environment variable with the REST API key'),
    apiUrl: z
      .url({ protocol: /^https?$/, error: 'must be an http or https url' })
      .transform((url) => url.replace(/\/+$/, ''))
      .default('https://api.pagerduty.com')
      .describe('In the EU https://api.eu.pagerduty.com'),
    timeout: patience,
  })
  .describe('Whoever is on call in schedules of PagerDuty');
export type PagerDutyRotaConfig = z.infer<typeof pagerDutyRotaConfigSchema>;

const entrySchema = z.object({
  user: z.object({ id: z.string(), summary: z.string().nullish() }),
  /** Null where it has always been so, or has no end. */
  start: z.iso.datetime({ offset: true }).nullish(),
  end: z.iso.datetime({ offset: true }).nullish(),
});
type Entry = z.infer<typeof entrySchema>;

const pageSchema = z.object({
  oncalls: z.array(entrySchema),
  more: z.boolean(),
});
type Page = z.infer<typeof pageSchema>;

/** The largest page, and how far the API leafs. */
const pageSize = 100;
const mostEntries = 10_000;

/** Asked who is on call, PagerDuty answers for its own now, so that clocks which differ do no harm. */
export function createPagerDutyRota(
  name: string,
  { schedules, tokenEnv, apiUrl, timeout }: PagerDutyRotaConfig,
  people: readonly Person[],
  deps: Pick<AdapterDeps, 'secret'>,
): PlannedRota {
  const headers = {
    authorization: `Token token=${deps.secret(tokenEnv)}`,
    accept: 'application/vnd.pagerduty+json;version=2',
  };

  async function page(when: object, offset: number, signal: AbortSignal): Promise<Page> {
    const query = new URLSearchParams({ ...when, limit: `${pageSize}`, offset: `${offset}` });
    for (const id of schedules) query.append('schedule_ids[]', id);
    const asked: HttpCall = {
      ...{ whom: 'PagerDuty', url: `${apiUrl}/oncalls?${query.toString()}`, method: 'GET' },
      ...{ headers, timeout, signal },
    };
    const answer = await call(asked);
    assertServed(answer, asked, { tokenEnv, schedules });
    return parseAnswer(answer, asked, pageSchema);
  }

  async function entries(when: object, signal: AbortSignal): Promise<Entry[]> {
    const found: Entry[] = [];
    for (let offset = 0; offset < mostEntries; offset += pageSize) {
      const { oncalls, more } = await page(when, offset, signal);
      found.push(...oncalls);
      if (!more) return found;
    }
    throw permanent(
      'BadAnswer',
      `PagerDuty names more than ${mostEntries} entries for ${schedules.join(', ')}: name fewer schedules.`,
    );
  }

  return {
    name,
    onCall: async (_at, signal) => answerOf(await entries({ earliest: 'true' }, signal), people),
    lookAhead: async (signal) => async (at) => {
      const until = new Date(at.getTime() + shortestRange);
      const range = { since: at.toISOString(), until: until.toISOString() };
      const found = await entries(range, signal);
      return answerOf(
        found.filter((entry) => isOn(entry, at)),
        people,
      );
    },
  };
}

/** A range has a length, in milliseconds; whoever comes on call within it is not on call at its beginning. */
const shortestRange = 1_000;

const isOn = ({ start, end }: Entry, at: Date): boolean =>
  (!start || Date.parse(start) <= at.getTime()) && (!end || at.getTime() < Date.parse(end));

/** Each user by id, with the name. */
function answerOf(entries: readonly Entry[], people: readonly Person[]): OnCallAnswer {
  const users = new Map(entries.map(({ user }) => [user.id, user.summary ?? user.id]));
  const found: string[] = [];
  const strangers: string[] = [];
  for (const [id, called] of users) {
    const person = people.find(({ contacts }) => contacts.pagerduty === id);
    if (person) found.push(person.id);
    else strangers.push(`${called} (${id})`);
  }
  return { people: found, strangers };
}

/** What PagerDuty's errors ask for, beyond what any HTTP answer would. */
function assertServed(
  answer: HttpAnswer,
  asked: HttpCall,
  { tokenEnv, schedules }: Pick<PagerDutyRotaConfig, 'tokenEnv' | 'schedules'>,
): void {
  switch (answer.status) {
    case 402:
      throw permanent(
        'Forbidden',
        'PagerDuty does not offer schedules to this account (402): see what its plan includes.',
      );
    case 404:
      throw permanent(
        'NotFound',
        `PagerDuty knows none of the schedules ${schedules.join(', ')} (404): correct the ids, or give the token in ${tokenEnv} access to them.`,
      );
    case 429:
      throw transient('Busy', 'PagerDuty takes no more requests for now (429).', waitOf(answer));
    default:
      assertOk(answer, asked, `the token in ${tokenEnv}`);
  }
}

/** In milliseconds; PagerDuty's own header says it in seconds. */
function waitOf({ headers }: HttpAnswer): number | undefined {
  const reset = headers.get('ratelimit-reset');
  return retryAfter(headers) ?? (reset && /^\d+$/.test(reset) ? Number(reset) * 1_000 : undefined);
}
