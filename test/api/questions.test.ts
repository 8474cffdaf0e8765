import { expect, test } from 'vitest';
import { Questions } from '../../src/api/gateway/questions.ts';

const gate = () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
};

test('one question at a time for each incident, and those who ask the same share the answer', async () => {
  const questions = new Questions();
  const { open, opened } = gate();
  let running = 0;
  let most = 0;
  let put = 0;
  const question = async () => {
    put += 1;
    running += 1;
    most = Math.max(most, running);
    await opened;
    running -= 1;
    return put;
  };
  const asked = ['view', 'view', 'view', 'timeline', 'view'].map((what) =>
    questions.ask('one', what, question),
  );
  const other = questions.ask('two', 'view', async () => 'at once');
  expect(await other).toBe('at once');
  open();
  await Promise.all(asked);
  // The first was waiting still when the others came, so all that ask the same are one.
  expect([most, put]).toEqual([1, 2]);
});

test('a question that is under way is not shared: what came since is to be seen', async () => {
  const questions = new Questions();
  const { open, opened } = gate();
  let put = 0;
  const question = async () => {
    put += 1;
    await opened;
    return put;
  };
  const first = questions.ask('one', 'view', question);
  await expect.poll(() => put).toBe(1);
  const second = questions.ask('one', 'view', question);
  open();
  expect(await first).toBe(1);
  expect(await second).toBe(2);
});

test('one that fails keeps nobody else from an answer', async () => {
  const questions = new Questions();
  const failing = questions.ask('one', 'view', async () => {
    throw new Error('no worker');
  });
  const next = questions.ask('one', 'timeline', async () => 'here');
  await expect(failing).rejects.toThrow('no worker');
  expect(await next).toBe('here');
});
