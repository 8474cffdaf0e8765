import { createHash } from 'node:crypto';
import { parseConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { roleIds } from '../../src/process/phases.ts';

export const hashFor = (token: string): string =>
  `sha256:${createHash('sha256').update(token).digest('hex')}`;

export const webhookSecret = `whsec_${Buffer.from('a secret for the tests of it').toString('base64')}`;

/** The problems of a text, one a line, as people see them. */
export function problemsOf(text: string, env: Record<string, string> = {}): string[] {
  try {
    parseConfig(text, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}

/** Every role by one of its own, so that each is held and no two meet. */
export const everyRole = Object.fromEntries(roleIds.map((role) => [role, [`a-${role}`]]));

export const everyPerson = Object.fromEntries(
  roleIds.map((role) => [`a-${role}`, { name: role, token: hashFor(role) }]),
);
