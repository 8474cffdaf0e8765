import { createSigner } from '../../activities/webhook.ts';
import type { Finding } from '../problems.ts';
import { type SelectedText, selectTexts } from './select.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const adapters = [
  'services.*.deploy.*.*',
  'services.*.monitoring.*.measures.*',
  'notifications.*',
  'onCall.*',
  'tracker',
];

const under = (key: string): string[] => adapters.map((adapter) => `${adapter}.${key}`);

/** The secrets that the file names and the environment lacks, or has in a form that cannot be used. */
export function checkEnvironment(data: unknown, env: Environment): Finding[] {
  const named = selectTexts(
    data,
    ...under('secretEnv'),
    ...under('tokenEnv'),
    ...under('passEnv.*'),
    ...under('urlEnv'),
  ).filter(({ value }) => value !== '');
  return [
    ...named.filter(({ value }) => !env[value]).map(missing),
    ...selectTexts(data, ...under('secretEnv')).flatMap((part) => unusable(part, env)),
    ...selectTexts(data, 'onCall.*.urlEnv').flatMap((part) => noUrl(part, env)),
  ];
}

const missing = ({ path, value }: SelectedText): Finding => ({
  path,
  sentence: `names the environment variable ${value}, which is not set: set it where Hotfix is started.`,
});

function unusable({ path, value }: SelectedText, env: Environment): Finding[] {
  const secret = env[value];
  if (!secret) return [];
  try {
    createSigner(value, { secret: () => secret, now: () => new Date() });
    return [];
  } catch {
    return [
      {
        path,
        sentence: `names the environment variable ${value}, which holds no webhook secret: set it to base64 such as the output of \`openssl rand -base64 32\`.`,
      },
    ];
  }
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
