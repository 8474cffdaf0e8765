import { createHash } from 'node:crypto';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Chance from a seed. Each part of a run has dice of its own, so that one changes nothing in another. */
export class Dice {
  private readonly generator;

  constructor(seed: number, owner: string) {
    const hash = createHash('sha256').update(`${seed} ${owner}`).digest();
    this.generator = xoroshiro128plus(hash.readInt32BE(0));
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return uniformInt(this.generator, least, most);
  }

  chance(percent: number): boolean {
    return this.between(1, 100) <= percent;
  }

  pick<const T>(from: readonly [T, ...T[]]): T {
    return from[this.between(0, from.length - 1)] as T;
  }
}
