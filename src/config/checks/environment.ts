import { createSigner } from '../../activities/webhook.ts';
import { keyOf } from '../../links/key.ts';
import type { Finding } from '../problems.ts';
import { type SelectedText, selectTexts } from './select.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const adapters = [
  'services.*.deploy.*.*',
  'services.*.monitoring.*.measures.*',
  'notifications.*',
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
  ).filter(({ value }) => value !== '');
  return [
    ...named.filter(({ value }) => !env[value]).map(missing),
    ...selectTexts(data, ...under('secretEnv')).flatMap((part) =>
      unusable(part, env, readWebhookSecret, 'holds no webhook secret: set it to base64'),
    ),
    ...selectTexts(data, ofLinks).flatMap((part) =>
      unusable(part, env, keyOf, 'holds no secret for links: set it to base64 of 32 bytes'),
    ),
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
