import type { SignalBody } from '../../process/signals.ts';
import type { AskedSignal } from '../../process/waiting.ts';

interface Common {
  label: string;
  hint?: string;
  isOptional?: true;
}

/** One field of a form; `list` is a text with an entry a line, `time` is in UTC. */
export type Field = Common &
  (
    | { kind: 'choice'; options: Record<string, string> }
    | { kind: 'yesNo' | 'tick' | 'line' | 'link' | 'time' }
    | { kind: 'prose' | 'list' }
  );

/** What people are asked for by a signal, in this order. The item of the checklist is the link's own. */
export type Form<N extends AskedSignal = AskedSignal> = {
  [K in Exclude<keyof SignalBody<N>, 'item'>]-?: Field;
};

const note: Field = { kind: 'prose', label: 'Note', isOptional: true };

const check: Form<'sanityChecked'> = {
  noBreakingChanges: { kind: 'tick', label: 'There is no breaking change' },
  noDataLoss: { kind: 'tick', label: 'No data is lost' },
  verdict: {
    kind: 'choice',
    label: 'Your verdict',
    hint: 'To approve, confirm both of the above.',
    options: { approved: 'Approve', rejected: 'Reject: back to the fix' },
  },
  note,
};

export const forms: { [N in AskedSignal]: Form<N> } = {
  incidentDeclared: {
    problem: { kind: 'prose', label: 'What is the problem?' },
    impact: { kind: 'prose', label: 'Whom does it hit, and how?' },
    reason: {
      kind: 'choice',
      label: 'Why is it an emergency?',
      options: {
        production_down: 'Production is down',
        security_vulnerability: 'A security vulnerability',
        data_loss_risk: 'Data may be lost',
        p1_severity: 'Another P1',
      },
    },
    impactStartedAt: { kind: 'time', label: 'Since when?', hint: 'In UTC.', isOptional: true },
    links: { kind: 'list', label: 'Links', hint: 'One a line.', isOptional: true },
  },
  priorityAssessed: {
    priority: {
      kind: 'choice',
      label: 'The priority',
      hint: 'Only a P1 goes on as a hotfix; anything else takes the normal process.',
      options: { P1: 'P1', P2: 'P2', P3: 'P3', P4: 'P4' },
    },
    justification: { kind: 'prose', label: 'Why?' },
  },
  fixReady: {
    ref: {
      kind: 'line',
      label: 'What is to be deployed?',
      hint: 'A branch, tag, commit, image or version.',
    },
    summary: { kind: 'prose', label: 'What does it change?' },
    workaround: { kind: 'tick', label: 'It is a workaround' },
    changeUrl: { kind: 'link', label: 'Where can the change be seen?', isOptional: true },
  },
  sanityChecked: check,
  securityChecked: check,
  deployAuthorized: {
    skipStaging: { kind: 'tick', label: 'Skip staging: straight to production' },
    note,
  },
  systemVerified: {
    solved: { kind: 'yesNo', label: 'Is the problem solved?' },
    healthy: { kind: 'yesNo', label: 'Is the system healthy?' },
    note,
  },
  quickVerified: {
    passed: { kind: 'yesNo', label: 'Did the quick verification pass?' },
    note,
  },
  incidentReviewed: {
    whatHappened: { kind: 'prose', label: 'What happened?' },
    summary: { kind: 'prose', label: 'The summary' },
    rootCause: { kind: 'prose', label: 'The root cause', isOptional: true },
  },
  preventionPlanned: {
    prevention: { kind: 'list', label: 'How is it prevented?', hint: 'One measure a line.' },
    improvements: {
      kind: 'list',
      label: 'What is to be improved in the process?',
      hint: 'One a line.',
      isOptional: true,
    },
    lessons: { kind: 'list', label: 'What was learned?', hint: 'One lesson a line.' },
  },
  deployConfirmed: {
    live: { kind: 'yesNo', label: 'Is it live?' },
    note,
  },
  retrospectiveReviewed: {
    verdict: {
      kind: 'choice',
      label: 'Your verdict on what went out without a review',
      options: { approved: 'Approve', rejected: 'Reject' },
    },
    note,
  },
  checklistItemDone: {
    evidence: { kind: 'link', label: 'Where can it be seen?', hint: 'A link.' },
  },
};

/** Name and field, in order. */
export const fieldsOf = (signal: AskedSignal): [name: string, field: Field][] =>
  Object.entries(forms[signal]);
