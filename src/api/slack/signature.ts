import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiProblem } from '../problems.ts';

/** What is older could be a request that somebody has kept. In seconds. */
const longestAge = 5 * 60;

/**
 * Checks that Slack has sent a request, and just now, by
 * https://docs.slack.dev/authentication/verifying-requests-from-slack: version `v0`, over the body as it
 * came. Throws a 401 that says what to look at.
 */
export function checkSignature(
  headers: IncomingHttpHeaders,
  body: Buffer,
  secrets: readonly string[],
  now: Date,
): void {
  const timestamp = headers['x-slack-request-timestamp'];
  const signature = headers['x-slack-signature'];
  if (
    typeof timestamp !== 'string' ||
    typeof signature !== 'string' ||
    !/^\d{1,12}$/.test(timestamp)
  ) {
    throw refuse('bad_signature', 'Only requests that Slack has signed are taken here.');
  }
  const expected = secrets.map((secret) => signatureOf(secret, timestamp, body));
  if (!expected.some((one) => isSame(one, signature))) {
    throw refuse(
      'bad_signature',
      'The signature is not by a signing secret that hotfix.yaml names: check signingSecretEnv of the channel.',
    );
  }
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > longestAge) {
    throw refuse(
      'stale_request',
      'The request was signed more than five minutes ago, or its clock or the one here is wrong.',
    );
  }
}

function signatureOf(secret: string, timestamp: string, body: Buffer): string {
  const hash = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body);
  return `v0=${hash.digest('hex')}`;
}

/** In constant time, so that the time tells nothing of the right one. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const refuse = (code: string, detail: string) => new ApiProblem(401, code, detail);
