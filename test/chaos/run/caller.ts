import { setTimeout as sleep } from 'node:timers/promises';
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
  private readonly urls: readonly string[];
  private readonly dice: Dice;
  private readonly findings: Findings;

  constructor(urls: readonly string[], dice: Dice, findings: Findings) {
    this.urls = urls;
    this.dice = dice;
    this.findings = findings;
  }

  /** Reads until there is an answer; null where there is none within a minute. */
  async read<T>(path: string): Promise<T | null> {
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500)) {
      const answer = await this.call<T>(path, { of: path });
      if (answer?.status === 200) return answer.body;
    }
    return null;
  }

  /** Null where no whole answer came: the connection broke, or nobody listens. */
  async call<T>(path: string, { body, key, actor, of }: Call): Promise<CallAnswer<T> | null> {
    try {
      const response = await fetch(
        `${this.urls[this.dice.between(0, this.urls.length - 1)]}${path}`,
        {
          ...(body && { method: 'POST', body: JSON.stringify(body) }),
          headers: {
            'content-type': 'application/json',
            ...(key && { 'idempotency-key': key }),
            ...(actor && { 'x-hotfix-actor': actor }),
          },
          signal: AbortSignal.timeout(patience),
        },
      );
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
