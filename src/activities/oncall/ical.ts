import { z } from 'zod';
import { isTimeZone } from '../../process/workingHours.ts';
import type { AdapterDeps } from '../deps.ts';
import { messageOf } from '../failures.ts';
import { assertOk, badAnswer, call, type HttpCall, quote } from '../http.ts';
import { bounded } from './bounded.ts';
import { type Shift, shiftsAt } from './calendar.ts';
import { patience } from './config.ts';
import { byEmail, byName, namedIn, namesNobody } from './names.ts';
import type { OnCallAnswer, Person, Rota } from './types.ts';

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

/** How long the events of a feed may take to unfold, in milliseconds. Nothing else runs meanwhile. */
const longestReading = 3_000;

export function createIcalRota(
  name: string,
  config: IcalRotaConfig,
  people: readonly Person[],
  deps: Pick<AdapterDeps, 'secret'>,
): Rota {
  const { urlEnv, timeZone, timeout } = config;
  const url = urlEnv ? deps.secret(urlEnv) : (config.url ?? '');
  return {
    name,
    async onCall(at, signal) {
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
      const shifts = read(answer.text, at, timeZone, asked);
      return merged(shifts.map((shift) => peopleOf(shift, people)));
    },
  };
}

function read(text: string, at: Date, timeZone: string | undefined, asked: HttpCall): Shift[] {
  let shifts: Shift[] | undefined;
  try {
    shifts = bounded(longestReading, () => shiftsAt(text, at, timeZone));
  } catch (error) {
    throw badAnswer(
      asked,
      `it is not iCalendar (${firstLine(messageOf(error))}); it says ${quote(text)}`,
    );
  }
  if (shifts) return shifts;
  throw badAnswer(
    asked,
    `its events take more than ${longestReading / 1000} s to unfold. Look for a recurrence that can never be, such as the 30th of February, or give it fewer events.`,
  );
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
