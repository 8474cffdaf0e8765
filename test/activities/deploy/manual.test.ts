import { expect, test } from 'vitest';
import { activitiesWith, activityEnvironment, deployStep } from '../support.ts';

test('a deploy by hand is what the deployer says', async () => {
  const { deploy } = activitiesWith();
  const result = await activityEnvironment().execute(deploy, deployStep());
  expect(result).toMatchObject({ outcome: 'succeeded', adapter: 'manual', output: '' });
  expect(result.summary).toContain('v2 was deployed to production by hand');
});

test('a rollback that nobody made is not claimed', async () => {
  const { rollback } = activitiesWith();
  const result = await activityEnvironment().execute(rollback, deployStep());
  expect(result).toMatchObject({ outcome: 'failed', adapter: 'manual' });
  expect(result.summary).toContain('roll it back by hand');
});
