import { statfs } from 'node:fs/promises';

/** Bytes that are free for us on the disk of a directory. */
export async function freeSpaceAt(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
