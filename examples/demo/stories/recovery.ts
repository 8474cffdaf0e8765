import {
  declaration,
  deploy,
  type Interlude,
  postMortem,
  quickFix,
  quickReview,
  verify,
} from '../acts.ts';
import type { Scene } from '../scene.ts';

/** The first fix helps. */
export async function recovery(scene: Scene, beforeReview?: Interlude): Promise<void> {
  await declaration(scene);
  await quickFix(scene, 1);
  await quickReview(scene, 1, beforeReview);
  await deploy(scene, 1);
  await verify(scene, 1);
  await postMortem(scene);
}
