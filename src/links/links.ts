import { createHash } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { canAcknowledge } from '../process/answers.ts';
import { checklistItems } from '../process/checklist.ts';
import { later } from '../process/escalation.ts';
import type { Notification } from '../process/notifications.ts';
import { placeSchema } from '../process/signals.ts';
import { askedSignals, taskOf } from '../process/waiting.ts';
import type { LinksConfig } from './config.ts';
import { keyOf } from './key.ts';

const claimsSchema = z.object({
  jti: z.string().min(1).max(100),
  sub: z.string().min(1).max(100),
  incident: z.string().min(1).max(100),
  /** Without it the link is there to acknowledge an escalation. */
  signal: z.enum(askedSignals).optional(),
  item: z.enum(checklistItems).optional(),
  ...placeSchema.shape,
});

/** What a link is for: what is asked of one person in one phase and attempt. */
export interface Errand extends Omit<z.infer<typeof claimsSchema>, 'jti' | 'sub'> {
  /** The same for every opening of the link, so that it acts once. */
  id: string;
  person: string;
}

export interface Links {
  /** The link of a person in a message; undefined where nothing is asked of them. */
  linkFor: (person: string, notification: Notification) => Promise<string | undefined>;
  /** What a token is for; `expired` or `invalid` where it is good for nothing. */
  read: (token: string) => Promise<Errand | 'expired' | 'invalid'>;
}

const header = { alg: 'HS256', typ: 'hotfix-link+jwt' };
const audience = 'hotfix:act';
const day = 24 * 60 * 60_000;

/**
 * Links that act, each a JWT (RFC 7519) that names its person and their task. It expires a day after
 * somebody is told next, so that the newest message always has one that is good; what ends it before
 * is the phase.
 * @throws a sentence where the secret is missing or none.
 */
export function createLinks(
  { url, secretEnv }: LinksConfig,
  { secret, now }: { secret: (name: string) => string; now: () => Date },
): Links {
  const key = keyOf(secretEnv, secret(secretEnv));
  const base = `${url.replace(/\/+$/, '')}/act/`;
  return {
    async linkFor(person, { id, kind, incidentId: incident, incident: card }) {
      const task = taskOf(card.waitingFor, person);
      if (!task && !(kind === 'escalation' && canAcknowledge(card))) return undefined;
      const { phase, attempt, escalation } = card;
      const { signal, item } = task ?? {};
      const token = await new SignJWT({ incident, signal, item, phase, attempt })
        .setProtectedHeader(header)
        .setAudience(audience)
        .setSubject(person)
        .setJti(idOf(id, person))
        .setExpirationTime(new Date(later(escalation.nextAt, day)))
        .sign(key);
      return base + token;
    },

    async read(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [header.alg],
          typ: header.typ,
          audience,
          requiredClaims: ['exp'],
          currentDate: now(),
        });
        const { jti: id, sub: person, ...task } = claimsSchema.parse(payload);
        return { id, person, ...task };
      } catch (error) {
        return error instanceof errors.JWTExpired ? 'expired' : 'invalid';
      }
    },
  };
}

/** 128 bits of a hash: short, and one for each message and person. */
const idOf = (notification: string, person: string): string =>
  createHash('sha256')
    .update(JSON.stringify([notification, person]))
    .digest('base64url')
    .slice(0, 22);
