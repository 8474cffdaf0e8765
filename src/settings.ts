import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const defaultConfig = 'hotfix.yaml';

/** What the environment says about how this process runs. */
export interface Settings {
  /** Port of the API. */
  port: number;
  /** Address the API listens on. */
  host: string;
  /** Ports of the embedded Temporal server and its UI. */
  temporalPort: number;
  temporalUiPort: number;
  /** Where people reach the Temporal UI, when it is not the embedded one. Without a slash at the end. */
  temporalUiUrl: string | undefined;
  /** Absolute path of the directory for what Hotfix itself stores. */
  dataDirectory: string;
  /** Absolute path of `hotfix.yaml`; null where neither the variable nor the file is there. */
  configFile: string | null;
  logLevel: (typeof logLevels)[number];
}

/** Environment variables that cannot be used; the message lists them all, each with what it should be. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

const aPort = 'must be a port, a number from 1 to 65535';
const port = (standard: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, aPort)
    .transform(Number)
    .refine((value) => value >= 1 && value <= 65_535, aPort)
    .default(standard);

const environment = z.object({
  PORT: port(3000),
  HOST: z.string().default('127.0.0.1'),
  TEMPORAL_PORT: port(7233),
  TEMPORAL_UI_PORT: port(8233),
  TEMPORAL_UI_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address as https://temporal.example.com' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  HOTFIX_DATA: z.string().default('.hotfix'),
  HOTFIX_CONFIG: z.string().optional(),
  LOG_LEVEL: z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
});

/**
 * Reads the settings from environment variables; an empty one counts as not set.
 * @throws SettingsError
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env, cwd = process.cwd()): Settings {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(set);
  if (!parsed.success) throw new SettingsError(sentences(parsed.error, set));
  const { data } = parsed;
  return {
    port: data.PORT,
    host: data.HOST,
    temporalPort: data.TEMPORAL_PORT,
    temporalUiPort: data.TEMPORAL_UI_PORT,
    temporalUiUrl: data.TEMPORAL_UI_URL,
    dataDirectory: path.resolve(cwd, data.HOTFIX_DATA),
    configFile: configFile(data.HOTFIX_CONFIG, cwd),
    logLevel: data.LOG_LEVEL,
  };
}

function configFile(named: string | undefined, cwd: string): string | null {
  if (named !== undefined) return path.resolve(cwd, named);
  const standard = path.resolve(cwd, defaultConfig);
  return existsSync(standard) ? standard : null;
}

function sentences({ issues }: z.ZodError, env: NodeJS.ProcessEnv): string {
  return issues
    .map((issue) => {
      const name = String(issue.path[0]);
      return `The environment variable ${name} ${issue.message}; it is "${env[name]}".`;
    })
    .join('\n');
}
