import { isMailServerUrl } from '../../activities/notify/email/channel.ts';
import { isWorkflowUrl } from '../../activities/notify/teams/channel.ts';
import { createSigner } from '../../activities/webhook.ts';
import { keyOf } from '../../links/key.ts';
import type { Finding } from '../problems.ts';
import { type Selected, type SelectedText, select, selectTexts } from './select.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const adapters = [
  'services.*.deploy.*.*',
  'services.*.monitoring.*.measures.*',
  'notifications.*',
  'onCall.*',
  'tracker',
];

const under = (key: string): string[] => adapters.map((adapter) => `${adapter}.${key}`);

const ofLinks = 'links.secretEnv';

/** The secrets that the file names and the environment lacks, or has in a form that cannot be used. */
export function checkEnvironment(data: unknown, env: Environment): Finding[] {
  const named = selectTexts(
    data,
    ofLinks,
    ...under('secretEnv'),
    ...under('tokenEnv'),
    ...under('passEnv.*'),
    ...under('routingKeyEnv'),
    ...under('urlEnv'),
    ...under('signingSecretEnv'),
  ).filter(({ value }) => value !== '');
  return [
    ...named.filter(({ value }) => !env[value]).map(missing),
    ...selectTexts(data, ...under('secretEnv')).flatMap((part) =>
      unusable(part, env, readWebhookSecret, 'holds no webhook secret: set it to base64'),
    ),
    ...selectTexts(data, ofLinks).flatMap((part) =>
      unusable(part, env, keyOf, 'holds no secret for links: set it to base64 of 32 bytes'),
    ),
    ...select(data, 'notifications.*').flatMap((channel) => noAddress(channel, env)),
    ...selectTexts(data, 'onCall.*.urlEnv').flatMap((part) => noUrl(part, env)),
  ];
}

const missing = ({ path, value }: SelectedText): Finding => ({
  path,
  sentence: `names the environment variable ${value}, which is not set: set it where Hotfix is started.`,
});

const readWebhookSecret = (name: string, value: string) =>
  createSigner(name, { secret: () => value, now: () => new Date() });

/** `read` throws for what cannot be used. */
function unusable(
  { path, value: name }: SelectedText,
  env: Environment,
  read: (name: string, value: string) => unknown,
  complaint: string,
): Finding[] {
  const secret = env[name];
  if (!secret) return [];
  try {
    read(name, secret);
    return [];
  } catch {
    return [
      {
        path,
        sentence: `names the environment variable ${name}, which ${complaint} such as the output of \`openssl rand -base64 32\`.`,
      },
    ];
  }
}

/** Where a channel's address is itself a secret: what it has to be. */
const addresses: Record<string, { isOne: (text: string) => boolean; sentence: string }> = {
  email: {
    isOne: isMailServerUrl,
    sentence:
      'which is not the address of a mail server: set it to smtps://user:password@host, or smtp:// where TLS begins later.',
  },
  teams: {
    isOne: isWorkflowUrl,
    sentence:
      'which is not the address of a workflow: set it to the https url that Teams shows for it.',
  },
};

function noAddress({ path, value }: Selected, env: Environment): Finding[] {
  const adapter = selectTexts(value, 'adapter')[0]?.value ?? '';
  const expected = Object.hasOwn(addresses, adapter) ? addresses[adapter] : undefined;
  return selectTexts(value, 'urlEnv').flatMap(({ value: variable }) => {
    const address = env[variable];
    if (!expected || !address || expected.isOne(address)) return [];
    const sentence = `names the environment variable ${variable}, ${expected.sentence}`;
    return [{ path: [...path, 'urlEnv'], sentence }];
  });
}

function noUrl({ path, value }: SelectedText, env: Environment): Finding[] {
  const url = env[value];
  if (!url || (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) return [];
  return [
    {
      path,
      sentence: `names the environment variable ${value}, which holds no http or https url: set it to that of the feed, with https for webcal.`,
    },
  ];
}
