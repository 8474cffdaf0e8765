import {
  answering,
  readHistory,
  type ShopEnvironment,
  start,
  stop,
  writeHistory,
} from './environment.ts';
import { assertKnown } from './versions.ts';

/** Tells people what is going on, a sentence at a time. */
export type Progress = (line: string) => void;

/**
 * Makes `version` live. Asked again for what is live already it changes nothing, so that it may be
 * repeated after a crash. Where the new release does not come up, the old one is put back.
 */
export async function deploy(
  environment: ShopEnvironment,
  version: string,
  progress: Progress,
): Promise<void> {
  assertKnown(version);
  const history = readHistory(environment);
  const live = await answering(environment);
  if (live?.version === version) {
    progress(`${version} is already live in ${environment.name}.`);
  } else {
    await replace(environment, version, live?.version, progress);
  }
  if (history.at(-1) !== version) writeHistory(environment, [...history, version]);
}

/**
 * Takes `failed` back: the release before it is made live again. Changes nothing where `failed` is
 * not live any more. Throws where nothing was live before it.
 */
export async function rollback(
  environment: ShopEnvironment,
  failed: string,
  progress: Progress,
): Promise<void> {
  const history = readHistory(environment);
  const live = await answering(environment);
  const listed = history.at(-1) === failed;
  if (!listed && live?.version !== failed) {
    progress(`${failed} is not live in ${environment.name}: nothing to take back.`);
    return;
  }
  const before = listed ? history.slice(0, -1) : history;
  const previous = before.at(-1);
  if (previous === undefined) {
    throw new Error(
      `Nothing was live in ${environment.name} before ${failed}: deploy a release that works.`,
    );
  }
  if (live?.version !== previous) await replace(environment, previous, live?.version, progress);
  writeHistory(environment, before);
}

async function replace(
  environment: ShopEnvironment,
  version: string,
  old: string | undefined,
  progress: Progress,
): Promise<void> {
  progress(`Replacing ${old ?? 'nothing'} by ${version} in ${environment.name}.`);
  // Both releases need the same port, so the old one goes first.
  if (await stop(environment)) progress(`Stopped ${old}.`);
  try {
    const { pid } = await start(environment, version);
    progress(`${version} answers on port ${environment.port} (process ${pid}).`);
  } catch (error) {
    if (old !== undefined) {
      await start(environment, old);
      progress(`Put ${old} back.`);
    }
    throw error;
  }
}
