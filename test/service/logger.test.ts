import { expect, test } from 'vitest';
import { createLogger } from '../../src/service/logger.ts';

function logged(fields: object): { line: string; entry: Record<string, unknown> } {
  const lines: string[] = [];
  createLogger('info', { write: (text) => void lines.push(text) }).info(fields, 'told');
  const line = lines.join('');
  return { line, entry: JSON.parse(line) };
}

test.each(['err', 'error'])('a failure under "%s" is told with its reason', (key) => {
  const error = new Error('The worker lost its server', { cause: new Error('refused') });
  expect(logged({ [key]: error }).entry[key]).toMatchObject({
    type: 'Error',
    message: expect.stringContaining('The worker lost its server'),
  });
});

test('tokens do not reach the log', () => {
  const headers = { authorization: 'Bearer s3cret' };
  const { line } = logged({
    req: { headers },
    tool: { token: 's3cret', apiKey: 's3cret' },
    headers,
  });
  expect(line).not.toContain('s3cret');
});
