import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** Why a program cannot be started, as the runner and the look before it both tell it. */
export type Obstacle = 'notFound' | 'notExecutable' | 'noDirectory';

/**
 * Looks for a program as the system would when it starts it in `folder`, without starting it: by its
 * path, or among the directories of `path`.
 */
export async function obstacleOf(
  program: string,
  folder: string,
  path = '',
): Promise<Obstacle | undefined> {
  if (!(await isDirectory(folder))) return 'noDirectory';
  const places = program.includes('/')
    ? [resolve(folder, program)]
    : path.split(delimiter).map((directory) => join(placeOf(directory, folder), program));
  const found = await Promise.all(places.map(stateOf));
  if (found.includes('executable')) return undefined;
  return found.includes('file') ? 'notExecutable' : 'notFound';
}

/** A relative directory of the PATH is one of the folder that the program is started in. */
const placeOf = (directory: string, folder: string): string =>
  isAbsolute(directory) ? directory : resolve(folder, directory);

async function stateOf(file: string): Promise<'executable' | 'file' | 'missing'> {
  const stats = await stat(file).catch(() => undefined);
  if (!stats?.isFile()) return 'missing';
  return await access(file, constants.X_OK).then(
    () => 'executable',
    () => 'file',
  );
}

const isDirectory = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
