import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createIcalRota, icalRotaConfigSchema } from '../../../src/activities/oncall/ical.ts';
import type { Person } from '../../../src/activities/oncall/types.ts';
import { listen } from '../server.ts';
import { adapterDeps } from '../support.ts';
import { ask } from './support.ts';

const read = (name: string) => readFileSync(new URL(`calendars/${name}`, import.meta.url));

interface Case {
  feed: string;
  /** By moment: the id of who is on call; empty where nobody is. */
  onCall: Record<string, string>;
  people?: Person[];
  rota?: object;
}

const standard: Person[] = [
  { id: 'ana', name: 'Ana Ito', contacts: { email: 'ana.ito@example.com' } },
  { id: 'ben', name: 'Ben Osei', contacts: { email: 'ben@example.com' } },
  { id: 'cy', name: 'Cy', contacts: {} },
  { id: 'zoe', name: 'Zoë Müller', contacts: { email: 'zoe@example.com' } },
];

const cases = JSON.parse(read('expected.json').toString()) as Case[];

test.each(cases)('who is on call by $feed', async ({ feed, onCall, people = standard, rota }) => {
  const { url } = await listen((_, response) => {
    response.writeHead(200, { 'content-type': 'text/calendar' }).end(read(feed));
  });
  const config = icalRotaConfigSchema.parse({ adapter: 'ical', url, ...rota });
  const asked = createIcalRota('primary', config, people, adapterDeps());
  const found: Record<string, string> = {};
  for (const moment of Object.keys(onCall)) {
    found[moment] = (await ask(asked, moment)).people.join();
  }
  expect(found).toEqual(onCall);
});
