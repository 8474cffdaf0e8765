import type { Finding } from '../problems.ts';
import { select, selectTexts } from './select.ts';

/** Channels that reach people one by one, while nobody can be reached so. */
export const checkContacts = (data: unknown): Finding[] =>
  selectTexts(data, 'notifications.*.adapter').flatMap(({ path, value }) => {
    const channel = path.slice(0, -1);
    if (value === 'email' && nobodyHas(data, 'email')) {
      const sentence =
        'sends mail while nobody has an address: add contacts.email to the people, or remove it.';
      return [{ path: channel, sentence }];
    }
    return [];
  });

const nobodyHas = (data: unknown, contact: string): boolean =>
  select(data, `people.*.contacts.${contact}`).length === 0;
