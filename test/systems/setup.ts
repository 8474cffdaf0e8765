import build from '../support/build.ts';
import { findExecutables } from '../support/kubernetes/executables.ts';
import { giteaExecutable } from './forge/gitea.ts';

/** Before all tests, so that two of them never build the same program side by side. */
export default async function setup(): Promise<void> {
  build();
  await findExecutables();
  await giteaExecutable();
}
