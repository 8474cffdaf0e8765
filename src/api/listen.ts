import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';
import { type ApiDeps, buildApp } from './app.ts';
import { isLoopback } from './own-machine.ts';

export interface ListenOptions extends ApiDeps {
  host: string;
  port: number;
}

export interface RunningApi {
  url: string;
  close: () => Promise<void>;
}

/** The API would be open to others: everyone who reaches it could deploy. */
export class OpenToOthersError extends Error {
  override name = 'OpenToOthersError';
}

/** @throws OpenToOthersError where no tokens are configured and the address is not this machine's own. */
export async function startApi({ host, port, ...deps }: ListenOptions): Promise<RunningApi> {
  if (deps.directory.open && !isLoopback(host)) {
    throw new OpenToOthersError(
      `Without tokens anyone who reaches ${host} could deploy, so the API does not listen there. ` +
        'Give people tokens in hotfix.yaml (npm run token -- PERSON), or leave HOST at 127.0.0.1.',
    );
  }
  const app = await buildApp(deps);
  await app.listen({ host, port });
  if (deps.directory.open) {
    deps.logger.warn('no tokens are configured: the API is open to everyone on this machine');
  }
  const { port: actual } = app.server.address() as AddressInfo;
  return { url: `http://${urlHost(host)}:${actual}`, close: () => app.close() };
}

const urlHost = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return isIP(host) === 6 ? `[${host}]` : host;
};
