import { z } from 'zod';
import { countingLengths } from './lengths.ts';
import type { Card } from './notifications.ts';
import { type SignalBody, type SignalName, signalNames } from './signals.ts';
import type { Wait } from './waiting.ts';

/** Something that can be said by one press, without a form. */
export interface QuickAnswer {
  /** At most 75 characters. */
  label: string;
  style: 'good' | 'bad' | 'plain';
  /** What whoever presses says by it, at most 300 characters. */
  meaning: string;
  press: Press;
}

/**
 * What a button carries: a signal, and since when it was asked for, so that an answer to an earlier
 * question is never taken for one to a later.
 */
export const pressSchema = countingLengths(
  z.strictObject({
    incident: z.string().max(100),
    signal: z.enum(signalNames as [SignalName, ...SignalName[]]),
    body: z.record(z.string(), z.unknown()),
    asked: z.iso.datetime(),
  }),
);
export type Press = z.infer<typeof pressSchema>;

/** How a wait can be answered by one press; what is not here needs a form. */
export const quickAnswersTo = (wait: Wait, incident: string, card: Card): QuickAnswer[] =>
  optionsFor(wait, card).map(({ body, ...option }) => ({
    ...option,
    press: { incident, signal: wait.signal, body, asked: wait.since },
  }));

/** Whether something is late that nobody has in hand. */
export const canAcknowledge = ({ waitingFor }: OpenAsks): boolean =>
  waitingFor.some(({ escalationLevel, acknowledged }) => escalationLevel > 0 && !acknowledged);

/** The press that stops an escalation for a while; null where there is none to stop. */
export const acknowledgementOf = (incident: string, card: Card): QuickAnswer | null =>
  canAcknowledge(card)
    ? {
        label: 'Acknowledge',
        style: 'plain',
        meaning: 'You have what is asked of you in hand: the next level is not told of it for now.',
        press: {
          ...{ incident, signal: 'escalationAcknowledged', body: {} },
          asked: card.escalation.nextAt,
        },
      }
    : null;

/** Whether what a press answers has been asked anew since. */
export function isOutdated(press: Press, { waitingFor, escalation }: OpenAsks): boolean {
  if (press.signal === 'escalationAcknowledged') {
    return canAcknowledge({ waitingFor, escalation }) && escalation.nextAt !== press.asked;
  }
  const open = waitingFor.find(({ signal }) => signal === press.signal);
  return open !== undefined && open.since !== press.asked;
}

type OpenAsks = Pick<Card, 'waitingFor' | 'escalation'>;

interface Option<N extends SignalName = SignalName> extends Omit<QuickAnswer, 'press'> {
  body: SignalBody<N>;
}

const harmless = { noBreakingChanges: true, noDataLoss: true };

const approval = (check: string): Option<'sanityChecked'> => ({
  label: `Approve the ${check} check`,
  style: 'good',
  meaning: 'You have looked at the fix: there is no breaking change and no loss of data.',
  body: { verdict: 'approved', ...harmless },
});

function optionsFor({ signal }: Wait, card: Card): Option[] {
  switch (signal) {
    case 'sanityChecked':
      return [approval('sanity')];
    case 'securityChecked':
      return [approval('security')];
    case 'deployAuthorized':
      return deployOptions(card);
    case 'deployConfirmed':
      return confirmations;
    case 'systemVerified':
      return verifications;
    case 'quickVerified':
      return quickVerifications;
    case 'retrospectiveReviewed':
      return retrospectives;
    default:
      return [];
  }
}

function deployOptions({ hasStaging }: Card): Option<'deployAuthorized'>[] {
  const plain: Option<'deployAuthorized'> = {
    label: hasStaging ? 'Deploy, staging first' : 'Deploy',
    style: 'good',
    meaning: hasStaging
      ? 'The fix goes to staging, then to production.'
      : 'The fix goes to production.',
    body: { skipStaging: false },
  };
  const straight: Option<'deployAuthorized'> = {
    label: 'Deploy, skip staging',
    style: 'bad',
    meaning: 'The fix goes straight to production.',
    body: { skipStaging: true },
  };
  return hasStaging ? [plain, straight] : [plain];
}

const confirmations: Option<'deployConfirmed'>[] = [
  {
    label: 'It is live',
    style: 'good',
    meaning: 'You have looked: the fix is live there.',
    body: { live: true },
  },
  {
    label: 'It is not live',
    style: 'bad',
    meaning: 'You have looked: the fix is not live there. It goes back to the quick fix.',
    body: { live: false },
  },
];

const verifications: Option<'systemVerified'>[] = [
  {
    label: 'Solved and healthy',
    style: 'good',
    meaning: 'The problem is solved and the system is healthy.',
    body: { solved: true, healthy: true },
  },
  {
    label: 'Not solved',
    style: 'bad',
    meaning: 'The problem is not solved and the system is not healthy: another fix is needed.',
    body: { solved: false, healthy: false },
  },
];

const quickVerifications: Option<'quickVerified'>[] = [
  {
    label: 'Passed',
    style: 'good',
    meaning: 'The quick verification passed.',
    body: { passed: true },
  },
  {
    label: 'Not passed',
    style: 'bad',
    meaning: 'The quick verification did not pass: another fix is needed.',
    body: { passed: false },
  },
];

const retrospectives: Option<'retrospectiveReviewed'>[] = [
  {
    label: 'Approve in retrospect',
    style: 'good',
    meaning: 'What went out without a review is right.',
    body: { verdict: 'approved' },
  },
  {
    label: 'Reject in retrospect',
    style: 'bad',
    meaning: 'What went out without a review is not right.',
    body: { verdict: 'rejected' },
  },
];
