import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { SignalName } from '../../process/signals.ts';
import { ApiProblem } from '../problems.ts';

/** In seconds. */
const duration = 60;

/** What an incident takes within a minute. */
export interface Most {
  /** Comments, and as many other signals, of each caller. */
  ofCaller: number;
  /** Of all callers together. */
  comments: number;
}

const generous: Most = { ofCaller: 60, comments: 300 };

/**
 * What one minute takes of signals, generous for people: without limits one caller could fill the history
 * of an incident. Comments, which is what floods are made of, are counted apart and for all callers
 * together, so that they never keep a role from its completion.
 */
export class Limits {
  private readonly callers: RateLimiterMemory;
  private readonly comments: RateLimiterMemory;
  private readonly most: Most;

  constructor(most = generous) {
    this.most = most;
    this.callers = new RateLimiterMemory({ points: most.ofCaller, duration });
    this.comments = new RateLimiterMemory({ points: most.comments, duration });
  }

  /** @throws ApiProblem 429 where it is one too many. */
  async take({ id, name, by }: { id: string; name: SignalName; by: string }): Promise<void> {
    const isComment = name === 'commented';
    const key = JSON.stringify([id, by, isComment]);
    await consume(this.callers, key, `${by} has sent ${this.most.ofCaller} to this incident`);
    if (!isComment) return;
    await consume(this.comments, id, `This incident has had ${this.most.comments} comments`);
  }
}

async function consume(limiter: RateLimiterMemory, key: string, what: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (error instanceof RateLimiterRes) throw tooMany(what, Math.ceil(error.msBeforeNext / 1000));
    throw error;
  }
}

const tooMany = (what: string, seconds: number) =>
  new ApiProblem(
    429,
    'too_many_signals',
    `${what} within a minute, and more are not taken. Nothing was recorded: send it again in ${seconds} s with the same Idempotency-Key.`,
    {},
    { 'retry-after': String(seconds) },
  );
