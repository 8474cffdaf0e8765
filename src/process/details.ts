import { clock, inline, table } from './markdown.ts';
import { phaseTitles } from './phases.ts';
import type { State } from './state.ts';
import { isOver } from './state.ts';
import { viewOf } from './view.ts';
import { waitingFor } from './waiting.ts';

/** What the Temporal UI shows of an incident while it runs: Markdown, at most a screen. */
export function detailsOf(state: State): string {
  const { status, explanation, attempt, phase } = viewOf(state);
  const head = isOver(state)
    ? `**${status}**: ${inline(explanation)}`
    : `**${phaseTitles[phase]}** · attempt ${attempt} · ${status}\n\n${inline(explanation)}`;
  const waits = waitingFor(state).map(
    ({ role, signal, item, assignees, since, deadline, escalationLevel }) => [
      role,
      assignees.map(inline).join(', ') || 'anybody',
      `\`${signal}\`${item ? ` ${item}` : ''}`,
      clock(since),
      clock(deadline),
      String(escalationLevel),
    ],
  );
  const asked =
    waits.length === 0
      ? []
      : [table(['waiting for', 'who', 'signal', 'since (UTC)', 'until (UTC)', 'level'], waits)];
  return [`### ${inline(state.request.title)}`, head, ...asked].join('\n\n');
}
