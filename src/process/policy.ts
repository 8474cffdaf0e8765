import { z } from 'zod';
import { duration } from './duration.ts';
import { type Phase, phases, type Role, roleIds } from './phases.ts';
import { workingHoursSchema } from './workingHours.ts';

const name = z.string().trim().min(1).max(100);

const levelSchema = z.strictObject({
  name: name.describe('How people call this level'),
  notify: z
    .array(name)
    .min(1)
    .describe('Whom to tell: ids of people or roles; `waiting` is whoever is waited for'),
  channels: z
    .array(name)
    .min(1)
    .optional()
    .describe('By which channels, as they are named under notifications; without it by all'),
  acknowledgeWithin: duration.describe(
    'Without an acknowledgement by then, the next level is told',
  ),
  decideWithin: duration.describe(
    'After an acknowledgement: without the work done by then, escalation goes on',
  ),
});

/** How long a phase may wait, and who is told after that. Durations in milliseconds once parsed. */
export const escalationSchema = z.strictObject({
  limit: duration.describe('How long the phase may last before the first level is told'),
  levels: z.array(levelSchema).min(1).max(10),
  repeatEvery: duration
    .refine((value) => value >= 1000, { error: 'must be at least 1s' })
    .describe(
      'After the last level: how long until the chain begins again, or that level is told again',
    ),
  repeat: z
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      'How often the whole chain begins again; after that the last level goes on being told',
    ),
  workingHours: workingHoursSchema
    .optional()
    .describe('Nobody is told outside of these hours; without them at any time'),
});
export type Escalation = z.infer<typeof escalationSchema>;
export type Level = Escalation['levels'][number];

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * One level after the other, then the last one again and again. What the policy does not name has
 * these: a wait that nobody hears of is how an incident goes quiet.
 */
const reminder = (limit: number, repeatEvery: number): Escalation => ({
  limit,
  levels: [
    {
      name: 'reminder',
      notify: ['waiting'],
      acknowledgeWithin: repeatEvery,
      decideWithin: repeatEvery,
    },
    {
      name: 'incident manager',
      notify: ['waiting', 'incidentManager'],
      acknowledgeWithin: repeatEvery,
      decideWithin: repeatEvery,
    },
  ],
  repeatEvery,
  repeat: 0,
});

/** The limits of each phase where `hotfix.yaml` says nothing; the review's 15 minutes are the process's. */
export const defaultEscalations: Record<Phase, Escalation> = {
  declaration: reminder(10 * minute, 10 * minute),
  quickFix: reminder(60 * minute, 30 * minute),
  quickReview: {
    limit: 15 * minute,
    levels: [
      {
        name: 'reviewers and incident manager',
        notify: ['waiting', 'incidentManager'],
        acknowledgeWithin: 5 * minute,
        decideWithin: 10 * minute,
      },
      {
        name: 'incident manager and deployer',
        notify: ['waiting', 'incidentManager', 'deployer'],
        acknowledgeWithin: 5 * minute,
        decideWithin: 10 * minute,
      },
    ],
    repeatEvery: 5 * minute,
    repeat: 0,
  },
  deploy: reminder(10 * minute, 10 * minute),
  verify: reminder(30 * minute, 15 * minute),
  postMortem: reminder(3 * day, 2 * day),
};

/** A review in retrospect has a day from the bypass on, whatever phase the incident is in. */
export const defaultRetrospective: Escalation = {
  ...reminder(day, 4 * 60 * minute),
  levels: [
    {
      name: 'reviewers',
      notify: ['reviewer', 'securityReviewer'],
      acknowledgeWithin: 4 * 60 * minute,
      decideWithin: 12 * 60 * minute,
    },
    {
      name: 'incident manager',
      notify: ['reviewer', 'securityReviewer', 'incidentManager'],
      acknowledgeWithin: 4 * 60 * minute,
      decideWithin: 12 * 60 * minute,
    },
  ],
};

const escalations = z.strictObject(
  Object.fromEntries(
    phases.map((phase) => [phase, escalationSchema.default(defaultEscalations[phase])]),
  ) as Record<Phase, z.ZodDefault<typeof escalationSchema>>,
);

/**
 * The rules of a service that a team may choose. An incident keeps the policy it began with: a
 * change of the file never moves the deadlines of an incident that is under way.
 */
export const policySchema = z.strictObject({
  escalation: escalations
    .prefault({})
    .describe('The limit and the escalation levels of each phase'),
  retrospective: escalationSchema
    .default(defaultRetrospective)
    .describe('The limit and the escalation levels of the review that a bypass owes'),
  differentPeople: z
    .array(z.tuple([z.enum(roleIds as [Role, ...Role[]]), z.enum(roleIds as [Role, ...Role[]])]))
    .default([])
    .describe(
      'Pairs of roles that one person does not complete both of in one attempt, besides author and reviewers',
    ),
  rollbackOnFailedVerification: z
    .boolean()
    .default(true)
    .describe('Roll back first when the verification fails'),
  onFailedAnalysis: z
    .enum(['ask', 'rollback'])
    .default('ask')
    .describe(
      'What failed measurements do before the monitor has answered: ask them, or roll back at once',
    ),
  answerWithin: duration
    .refine((value) => value >= 1000, { error: 'must be at least 1s' })
    .default(5 * minute)
    .describe('How long the monitor has to answer measurements that did not pass'),
  mayBypassReview: z
    .array(name)
    .default(['incidentManager'])
    .describe('People or roles that may bypass the review, with a reason'),
  mayManage: z
    .array(name)
    .default(['incidentManager'])
    .describe('People or roles that may abort an incident and hand over its roles'),
});
export type Policy = z.infer<typeof policySchema>;
