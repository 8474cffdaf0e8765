import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';

const ROTATE_ABOVE_BYTES = 10_000_000;
const LINE_LIMIT = 300;

/** Opens the server's log to append to; a big one is put aside first, in place of the one before. */
export async function openServerLog(file: string): Promise<FileHandle> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > ROTATE_ABOVE_BYTES) await rename(file, `${file}.old`);
  return open(file, 'a', 0o600);
}

/** The beginning of the last line of a log, for a message about a server that ended. */
export async function lastLineOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return (text.trimEnd().split('\n').at(-1) ?? '').slice(0, LINE_LIMIT);
}
