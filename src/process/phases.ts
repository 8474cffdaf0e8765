import type { CompletionName } from './signals.ts';

/** The six phases of the hotfix process, in order. */
export const phases = [
  'declaration',
  'quickFix',
  'quickReview',
  'deploy',
  'verify',
  'postMortem',
] as const;
export type Phase = (typeof phases)[number];

export const phaseTitles: Record<Phase, string> = {
  declaration: 'Incident declaration',
  quickFix: 'Quick fix',
  quickReview: 'Quick review',
  deploy: 'Deploy now',
  verify: 'Verify and monitor',
  postMortem: 'Post-mortem',
};

interface RoleDefinition {
  phase: Phase;
  /** The signal by which the role completes its part. */
  signal: CompletionName;
  title: string;
  /** The name that stands for the role where nobody is configured: a first try goes through. */
  defaultActor: string;
  /** What is asked of the role, as an imperative. */
  task: string;
}

/** The ten roles, each with its one completion. */
export const roles = {
  incidentManager: {
    phase: 'declaration',
    signal: 'incidentDeclared',
    title: 'Incident manager',
    defaultActor: 'inci',
    task: 'Declare the P1 and document the problem.',
  },
  priorityAssessor: {
    phase: 'declaration',
    signal: 'priorityAssessed',
    title: 'Priority assessor',
    defaultActor: 'nina',
    task: 'Assess the priority: only a P1 goes on.',
  },
  bugFixer: {
    phase: 'quickFix',
    signal: 'fixReady',
    title: 'Bug fixer',
    defaultActor: 'bug-fixer',
    task: 'Make the fastest fix; a workaround is fine.',
  },
  reviewer: {
    phase: 'quickReview',
    signal: 'sanityChecked',
    title: 'Reviewer',
    defaultActor: 'rachel',
    task: 'Sanity check: no breaking change, no loss of data.',
  },
  securityReviewer: {
    phase: 'quickReview',
    signal: 'securityChecked',
    title: 'Security reviewer',
    defaultActor: 'alex',
    task: 'Security check: no breaking change, no loss of data.',
  },
  deployer: {
    phase: 'deploy',
    signal: 'deployAuthorized',
    title: 'Deployer',
    defaultActor: 'tony',
    task: 'Straight to production; skip staging if necessary.',
  },
  monitor: {
    phase: 'verify',
    signal: 'systemVerified',
    title: 'Monitor',
    defaultActor: 'monitor',
    task: 'Is the problem solved? Is the system healthy? Watch it closely.',
  },
  tester: {
    phase: 'verify',
    signal: 'quickVerified',
    title: 'Tester',
    defaultActor: 'tina',
    task: 'Quick verification.',
  },
  postMortemLead: {
    phase: 'postMortem',
    signal: 'incidentReviewed',
    title: 'Post-mortem lead',
    defaultActor: 'george',
    task: 'What happened? Write the summary.',
  },
  processImprover: {
    phase: 'postMortem',
    signal: 'preventionPlanned',
    title: 'Process improver',
    defaultActor: 'otto',
    task: 'How is it prevented? Plan improvements, note the lessons.',
  },
} as const satisfies Record<string, RoleDefinition>;

export type Role = keyof typeof roles;
export const roleIds = Object.keys(roles) as Role[];

export const rolesOf = (phase: Phase): Role[] =>
  roleIds.filter((role) => roles[role].phase === phase);

const roleBySignal = Object.fromEntries(
  roleIds.map((role) => [roles[role].signal, role]),
) as Record<CompletionName, Role>;

export const roleOf = (signal: CompletionName): Role => roleBySignal[signal];
