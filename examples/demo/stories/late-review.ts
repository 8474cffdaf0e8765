import type { Scene } from '../scene.ts';
import { paint } from '../screen.ts';

/** Before anybody reviews: the limit passes, both levels are told, one person takes it in hand. */
export async function lateReview(scene: Scene): Promise<void> {
  const { screen } = scene;
  screen.step(
    '',
    paint('bold', 'the limit is 4 s in this demo instead of 15 min, and nobody comes'),
  );
  for (const level of [1, 2]) {
    await scene.until(({ escalation }) => escalation.level >= level);
    screen.step('hotfix', paint('red', `the review is late: level ${level} is told`));
  }
  const note = 'I wake them up.';
  await scene.send('incidentManager', 'escalationAcknowledged', { note }, `acknowledged: ${note}`);
}
