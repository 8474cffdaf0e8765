import { z } from 'zod';
import { isTimeZone } from '../../process/workingHours.ts';
import type { AdapterDeps } from '../deps.ts';
import { messageOf } from '../failures.ts';
import { assertOk, badAnswer, call, type HttpAnswer, type HttpCall, quote } from '../http.ts';
import { type ReadFeed, readFeed } from './calendar.ts';
import { patience } from './config.ts';
import { byEmail, byName, namedIn, namesNobody } from './names.ts';
import type { Shift } from './shifts.ts';
import type { Look, OnCallAnswer, Person, PlannedRota } from './types.ts';

export const icalRotaConfigSchema = z
  .strictObject({
    adapter: z.literal('ical'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https url; write https for webcal' })
      .optional()
      .describe('The feed'),
    urlEnv: z
      .string()
      .min(1)
      .optional()
      .describe('The environment variable with the url, where whoever knows it may read the feed'),
    timeZone: z
      .string()
      .refine(isTimeZone, { error: 'must be a time zone such as Europe/Berlin' })
      .optional()
      .describe("Of all-day events and of times without a zone; else the feed's own, else UTC"),
    timeout: patience,
  })
  .refine(({ url, urlEnv }) => (url === undefined) !== (urlEnv === undefined), {
    error: 'must have either url or urlEnv',
  })
  .describe('Whoever has the event that covers the moment, in an iCalendar feed');
export type IcalRotaConfig = z.infer<typeof icalRotaConfigSchema>;

export function createIcalRota(
  name: string,
  config: IcalRotaConfig,
  people: readonly Person[],
  deps: Pick<AdapterDeps, 'secret'>,
): PlannedRota {
  const { urlEnv, timeZone, timeout } = config;
  const url = urlEnv ? deps.secret(urlEnv) : (config.url ?? '');

  async function lookAhead(signal: AbortSignal): Promise<Look> {
    const asked: HttpCall = {
      whom: `The calendar of ${name}`,
      url,
      method: 'GET',
      headers: { accept: 'text/calendar' },
      timeout,
      signal,
      ...(urlEnv && { place: `the url in ${urlEnv}` }),
    };
    const answer = await call(asked);
    assertOk(answer, asked, urlEnv ? `the url in ${urlEnv}` : 'the url');
    const feed = read(answer, timeZone, asked);
    return async (at) => {
      const answers = shiftsAt(feed, at, asked).map((shift) => peopleOf(shift, people));
      return { ...merged(answers), ...(feed.problems.length > 0 && { problems: feed.problems }) };
    };
  }

  return { name, lookAhead, onCall: async (at, signal) => (await lookAhead(signal))(at) };
}

function read(answer: HttpAnswer, timeZone: string | undefined, asked: HttpCall): ReadFeed {
  const charset = /charset="?([^\s";]+)/i.exec(answer.headers.get('content-type') ?? '')?.[1];
  try {
    return readFeed(answer.bytes, { charset, timeZone });
  } catch (error) {
    const why = firstLine(messageOf(error));
    throw badAnswer(asked, `it is not iCalendar (${why}); it says ${quote(answer.text)}`);
  }
}

function shiftsAt(feed: ReadFeed, at: Date, asked: HttpCall): Shift[] {
  try {
    return feed.shiftsAt(at);
  } catch (error) {
    throw badAnswer(asked, `${messageOf(error)}. Whoever it names may be on call.`);
  }
}

const longestMessage = 200;
const firstLine = (text: string) => text.split(/[\r\n]/, 1)[0]?.slice(0, longestMessage);

/** First its attendees, else whom its title names, else its organizer. */
function peopleOf(shift: Shift, people: readonly Person[]): OnCallAnswer {
  const attendees = shift.attendees.map(({ emails, name }) => ({
    called: name ? `${name} <${emails[0]}>` : (emails[0] ?? ''),
    person: personOf(people, emails) ?? (name ? byName(people, name) : undefined),
  }));
  const strangers = attendees.flatMap(({ called, person }) => (person ? [] : [called]));
  const attending = attendees.flatMap(({ person }) => (person ? [person.id] : []));
  if (attending.length > 0) return { people: attending, strangers };
  const named = namedIn(people, shift.summary);
  if (named.length > 0) return { people: named.map(({ id }) => id), strangers };
  if (namesNobody(shift.summary)) return { people: [], strangers };
  const organizer = shift.organizer && byEmail(people, shift.organizer);
  if (organizer) return { people: [organizer.id], strangers };
  return { people: [], strangers: strangers.length > 0 ? strangers : [quote(shift.summary)] };
}

function personOf(people: readonly Person[], emails: readonly string[]): Person | undefined {
  for (const email of emails) {
    const person = byEmail(people, email);
    if (person) return person;
  }
  return undefined;
}

const merged = (answers: readonly OnCallAnswer[]): OnCallAnswer => ({
  people: [...new Set(answers.flatMap(({ people }) => people))],
  strangers: [...new Set(answers.flatMap(({ strangers }) => strangers))],
});
