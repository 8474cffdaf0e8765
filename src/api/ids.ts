import { createHash, randomBytes } from 'node:crypto';

/** Crockford's base 32: no letter that is taken for a digit when it is read out. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** 60 bits as 12 characters. */
const spell = (bytes: Buffer): string =>
  [...bytes.subarray(0, 12)].map((byte) => alphabet[byte & 31]).join('');

export const randomId = (): string => spell(randomBytes(12));

/** The same key gives the same id: concurrent callers meet there. */
export const derivedId = (kind: 'dedupKey' | 'idempotencyKey', key: string): string =>
  spell(
    createHash('sha256')
      .update(JSON.stringify([kind, key]))
      .digest(),
  );

/** The ids of one `dedupKey`'s incidents, one after the other, begin alike. `generation` is from 1. */
export const generationOf = (first: string, generation: number): string =>
  generation === 1 ? first : `${first}-${generation}`;

export const isId = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text);
