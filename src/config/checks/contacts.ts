import type { Finding } from '../problems.ts';
import { type Selected, select, selectTexts } from './select.ts';

/** Channels that know people by their contacts, while nobody has the one they need. */
export const checkContacts = (data: unknown): Finding[] =>
  select(data, 'notifications.*').flatMap(({ path, value }) => {
    const need = needOf(value);
    return need && select(data, `people.*.contacts.${need.contact}`).length === 0
      ? [{ path, sentence: need.sentence }]
      : [];
  });

function needOf(channel: Selected['value']): { contact: string; sentence: string } | null {
  const adapter = selectTexts(channel, 'adapter')[0]?.value;
  if (adapter === 'email') {
    return {
      contact: 'email',
      sentence:
        'sends mail while nobody has an address: add contacts.email to the people, or remove it.',
    };
  }
  return adapter === 'slack' && selectTexts(channel, 'signingSecretEnv').length > 0
    ? {
        contact: 'slack',
        sentence:
          'has buttons while nobody is known by a member id of Slack: add contacts.slack to the people, or remove signingSecretEnv.',
      }
    : null;
}
