import { type ChecklistItem, checklist, checklistItems } from './checklist.ts';
import { verificationFailed } from './consequences.ts';
import type { MonitorResult } from './outcomes.ts';
import { isSamePerson } from './people.ts';
import { type Role, roles, rolesOf } from './phases.ts';
import { type CompletionName, completionSchemas, type SignalName } from './signals.ts';
import {
  analysisOf,
  askedAt,
  assigneesOf,
  deadlineOf,
  deployInDoubt,
  isOver,
  type State,
  watchOf,
} from './state.ts';

/** The signals that somebody is waited for with; the others come when somebody has something to say. */
export const askedSignals = [
  ...(Object.keys(completionSchemas) as CompletionName[]),
  'deployConfirmed',
  'retrospectiveReviewed',
  'checklistItemDone',
] as const satisfies SignalName[];
export type AskedSignal = (typeof askedSignals)[number];

/** Something that is waited for now. Times are ISO 8601, UTC. */
export interface Wait {
  role: Role;
  signal: AskedSignal;
  /** Where the signal is `checklistItemDone`: which item. */
  item?: ChecklistItem;
  task: string;
  /** Who holds the role; empty while anybody may do it. */
  assignees: string[];
  /** What whoever answers should know: the measurements and what they speak for, or why they are asked again. */
  advice?: string;
  since: string;
  deadline: string;
  /** 0 before the deadline, then the number of the level that was told last. */
  escalationLevel: number;
  /** Who has it in hand, and since when. */
  acknowledged: { by: string; at: string } | null;
}

/** While it is rolled back, nobody can help. */
const isFailedVerification = (state: State) =>
  state.phase === 'verify' && verificationFailed(state);

type Task = Pick<Wait, 'role' | 'signal' | 'item' | 'task'>;

/** Who is waited for, and for what. Empty while the machinery is at work, and when all is over. */
export function waitingFor(state: State): Wait[] {
  if (isOver(state) || isFailedVerification(state)) return [];
  return openTasks(state).map((task) => ({
    ...task,
    ...adviceFor(state, task.signal),
    assignees: assigneesOf(state, task.role),
    since: askedAt(state, task.signal),
    deadline: deadlineOf(state, task.signal),
    escalationLevel: watchOf(state, task).level,
    acknowledged: watchOf(state, task).acknowledged,
  }));
}

/** `Reviewer: rachel`, or who may do it. */
export const whoOf = ({ role, assignees }: Wait): string =>
  `${roles[role].title}: ${assignees.join(', ') || 'anybody'}`;

/** The one task that is asked of a person: the first that they hold, else the first that is open to all. */
export const taskOf = (waits: readonly Wait[], person: string): Wait | undefined =>
  waits.find(({ assignees }) => assignees.some((one) => isSamePerson(one, person))) ??
  waits.find(({ assignees }) => assignees.length === 0);

function adviceFor(state: State, signal: SignalName): { advice?: string } {
  if (signal === 'deployAuthorized') return state.held ? { advice: state.held.reason } : {};
  if (signal === 'deployConfirmed') return { advice: deployInDoubt(state)?.result?.summary ?? '' };
  if (state.phase !== 'verify' || !state.terms.monitored) return {};
  return { advice: recommendationOf(analysisOf(state, 'production', 'deploy')?.result) };
}

/** What the measurements speak for; the answer stays with whoever is asked. */
function recommendationOf(result: MonitorResult | null | undefined): string {
  if (!result) return 'The measurements go on.';
  if (result.outcome === 'passed') return 'The measurements passed: they speak for yes.';
  const found = result.measures
    .filter(({ outcome }) => outcome === result.outcome)
    .map(({ name, summary }) => `${name}: ${summary}`)
    .join(' ');
  return result.outcome === 'failed'
    ? `The measurements failed: they speak for no. ${found}`
    : `The measurements say nothing certain: look yourself. ${found}`;
}

function openTasks(state: State): Task[] {
  const completions = rolesOf(state.phase)
    .map((role): Task => ({ role, signal: roles[role].signal, task: roles[role].task }))
    .filter(({ signal }) => !Object.hasOwn(state.completed, signal));
  switch (state.phase) {
    case 'deploy':
      return [...completions, ...deployToConfirm(state)];
    case 'postMortem':
      return [...completions, ...retrospective(state), ...uncheckedItems(state)];
    default:
      return completions;
  }
}

function deployToConfirm(state: State): Task[] {
  const deploy = deployInDoubt(state);
  if (!deploy) return [];
  const task = `Look at ${deploy.environment}: is ${deploy.ref} live there?`;
  return [{ role: 'deployer', signal: 'deployConfirmed', task }];
}

const retrospective = (state: State): Task[] =>
  state.bypass && !state.retrospective
    ? [
        {
          role: 'reviewer',
          signal: 'retrospectiveReviewed',
          task: 'Review in retrospect what went out without a review.',
        },
      ]
    : [];

const uncheckedItems = (state: State): Task[] =>
  checklistItems.flatMap((item) => {
    const { owner, title } = checklist[item];
    return owner === null || state.checklist[item]
      ? []
      : [
          {
            role: owner,
            signal: 'checklistItemDone' as const,
            item,
            task: `${title}: give a link.`,
          },
        ];
  });
