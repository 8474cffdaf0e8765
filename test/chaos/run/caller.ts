import type { Dice } from './dice.ts';
import type { Findings } from './figures.ts';

export interface CallAnswer<T = unknown> {
  status: number;
  body: T;
}

interface Call {
  body?: object;
  key?: string;
  actor?: string;
  /** Whom a server error is noted of. */
  of: string;
}

/** Longer than the API ever takes to give up on Temporal, in milliseconds. */
const patience = 25_000;

/** Calls whichever API chance has it, as a load balancer does. */
export class Caller {
  private readonly urls: readonly [string, ...string[]];
  private readonly dice: Dice;
  private readonly findings: Findings;

  constructor(urls: readonly [string, ...string[]], dice: Dice, findings: Findings) {
    this.urls = urls;
    this.dice = dice;
    this.findings = findings;
  }

  /** Null where no whole answer came: the connection broke, or nobody listens. */
  async call<T>(path: string, { body, key, actor, of }: Call): Promise<CallAnswer<T> | null> {
    try {
      const response = await fetch(`${this.dice.pick(this.urls)}${path}`, {
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
        headers: {
          'content-type': 'application/json',
          ...(key && { 'idempotency-key': key }),
          ...(actor && { 'x-hotfix-actor': actor }),
        },
        signal: AbortSignal.timeout(patience),
      });
      const text = await response.text();
      if (response.status >= 500 && response.status !== 503) {
        this.findings.add('5xx', of, `${response.status} of ${path}: ${text.slice(0, 500)}`);
      }
      return { status: response.status, body: JSON.parse(text) as T };
    } catch {
      return null;
    }
  }
}
