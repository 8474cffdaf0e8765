import type { FollowUpTask } from './outcomes.ts';
import type { State } from './state.ts';

/** The follow-up tasks that the incident owes and that are not filed yet. */
export function followUpsDue(state: State): FollowUpTask[] {
  const filed = new Set(state.followUps.map(({ key }) => key));
  return [...properFix(state), ...plannedTasks(state)].filter(({ key }) => !filed.has(key));
}

const task = (
  state: State,
  kind: FollowUpTask['kind'],
  number: number,
  title: string,
  description: string,
): FollowUpTask => ({
  key: `${state.id}-${kind}-${number}`,
  incidentId: state.id,
  service: state.request.service,
  kind,
  title,
  description,
});

/** A person's own evidence stands for the task: it is not filed a second time. */
function properFix(state: State): FollowUpTask[] {
  const fix = state.completed.fixReady;
  if (state.status === 'open' || !fix) return [];
  const isCheckedByHand =
    state.checklist.properFixFollowUp !== null && state.followUps.length === 0;
  const title = `Proper fix for: ${state.request.title}`;
  const description = `${fix.ref} went to production as a hotfix${fix.workaround ? ' and is a workaround' : ''}: ${fix.summary}`;
  return isCheckedByHand ? [] : [task(state, 'properFix', 1, title, description)];
}

function plannedTasks(state: State): FollowUpTask[] {
  const planned = state.completed.preventionPlanned;
  const description = `Planned in the post-mortem of: ${state.request.title}`;
  return [
    ...(planned?.prevention ?? []).map((title, index) =>
      task(state, 'prevention', index + 1, title, description),
    ),
    ...(planned?.improvements ?? []).map((title, index) =>
      task(state, 'improvement', index + 1, title, description),
    ),
  ];
}
