import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';

/**
 * Writes the one member of a zip archive whose name matches to a file.
 * @throws Error when no member matches, or the archive is damaged.
 */
export async function unpackMember(archive: string, member: RegExp, target: string): Promise<void> {
  const zip = await yauzl.openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      if (!member.test(entry.fileName)) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
      return;
    }
  } finally {
    zip.close();
  }
  throw new Error(`the archive holds no file like ${member.source}`);
}
