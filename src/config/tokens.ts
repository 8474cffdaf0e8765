import { createHash, randomBytes } from 'node:crypto';

/** A new secret of 256 random bits; the prefix lets scanners find one that leaked. */
export const createToken = (): string => `hfx_${randomBytes(32).toString('base64url')}`;

export const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** A token as `hotfix.yaml` keeps it. */
export const hashOf = (token: string): string => `sha256:${digestOf(token).toString('hex')}`;
