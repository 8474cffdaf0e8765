import { randomBytes } from 'node:crypto';
import { createLinks } from '../../src/links/links.ts';

export const linkSecret = randomBytes(32).toString('base64');

export const linksConfig = { url: 'https://hotfix.example.com/', secretEnv: 'LINKS' };

/** The links of a service whose clock a test may set. */
export const linksAt = (now: () => Date = () => new Date(), secret = linkSecret) =>
  createLinks(linksConfig, { secret: () => secret, now });

export const tokenIn = (link: string | undefined): string => link?.split('/act/')[1] ?? 'no-link';
