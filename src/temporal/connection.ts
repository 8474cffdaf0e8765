import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';

/** A Temporal server, and how to connect to it: for clients and workers alike. */
export interface TemporalServer {
  namespace: string;
  options: Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey' | 'metadata'>;
}

/** The server cannot be used as it is named. The message says why and what to do, and holds no secret. */
export class TemporalConnectionError extends Error {
  override name = 'TemporalConnectionError';
}

/**
 * The server that TEMPORAL_ADDRESS or a Temporal profile names (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE or
 * the standard `temporal.toml`), with its TLS and API key; null when none does: the embedded one is meant.
 * @throws TemporalConnectionError when what is named cannot be read, or gives no address.
 */
export function namedServer(env: NodeJS.ProcessEnv = process.env): TemporalServer | null {
  const { connectionOptions, namespace = 'default' } = load(env);
  const { address, tls, apiKey, metadata } = connectionOptions;
  if (!address) {
    if (!env.TEMPORAL_PROFILE && !env.TEMPORAL_CONFIG_FILE) return null;
    throw new TemporalConnectionError(
      `The Temporal profile "${env.TEMPORAL_PROFILE || 'default'}" has no address: ` +
        'add one to it, or set TEMPORAL_ADDRESS.',
    );
  }
  return { namespace, options: { address, tls, apiKey, metadata } };
}

/** The embedded server at `address`, as host and port. */
export function embeddedServer(address: string): TemporalServer {
  return { namespace: 'default', options: { address } };
}

/** @throws TemporalConnectionError when the server does not answer. */
export async function connectClient(server: TemporalServer): Promise<Connection> {
  return Connection.connect(server.options).catch((error: unknown) => fail(server, error));
}

/** @throws TemporalConnectionError when the server does not answer. */
export async function connectWorker(server: TemporalServer): Promise<NativeConnection> {
  return NativeConnection.connect(server.options).catch((error: unknown) => fail(server, error));
}

function load(env: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const set = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  } catch (error) {
    throw new TemporalConnectionError(
      `The Temporal profile cannot be used (${firstLine(error)}): ` +
        'check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE and the file they name.',
    );
  }
}

function fail({ options }: TemporalServer, error: unknown): never {
  throw new TemporalConnectionError(
    `Temporal at ${options.address} does not answer (${reasonIn(firstLine(error))}): check that it runs, and ` +
      'TEMPORAL_ADDRESS or the Temporal profile with its TLS and API key.',
  );
}

/** The native client describes a failure as nested Rust structures; the sentence is in the innermost one. */
const reasonIn = (line: string): string => /message: "([^"]+)"/.exec(line)?.[1] ?? line;

/** A parser's message quotes the file from its second line on, with the keys in it. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').trim().replace(/[.:]$/, '');
}
