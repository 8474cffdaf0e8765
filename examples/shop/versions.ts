import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Release } from './release.ts';

const directory = path.join(import.meta.dirname, 'versions');

/** Every release that can be deployed, oldest first. */
export function knownVersions(): string[] {
  return readdirSync(directory).sort();
}

/** Throws with a sentence for people where there is no such release. */
export function assertKnown(version: string): void {
  if (knownVersions().includes(version)) return;
  throw new Error(
    `There is no release "${version}" of the shop. Known releases: ${knownVersions().join(', ')}.`,
  );
}

export async function loadRelease(version: string): Promise<Release> {
  assertKnown(version);
  return (await import(`./versions/${version}/checkout.ts`)) as Release;
}
