import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A program that says it is `temporal` of this version, and can do nothing else. */
export const programOf = (version: string): string =>
  `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`;

/** Installs a `temporal` into a directory for the PATH, and returns its file. */
export async function installProgram(directory: string, text: string): Promise<string> {
  const file = path.join(directory, 'temporal');
  await mkdir(directory, { recursive: true });
  await writeFile(file, text);
  await chmod(file, 0o755);
  return file;
}
