import { clock, inline } from './markdown.ts';
import { phaseTitles } from './phases.ts';
import { isOver, type State } from './state.ts';
import { viewOf } from './view.ts';
import { type Wait, waitingFor } from './waiting.ts';

/**
 * What the Temporal UI shows of an incident while it runs: Markdown, at most a screen. A list, since
 * the UI sets tables without any space between the columns.
 */
export function detailsOf(state: State): string {
  const { status, explanation, attempt, phase } = viewOf(state);
  const head = isOver(state)
    ? `**${status}**: ${inline(explanation)}`
    : `**${phaseTitles[phase]}** · attempt ${attempt} · ${status}\n\n${inline(explanation)}`;
  const waits = waitingFor(state).map(waitLine).join('\n');
  return [`### ${inline(state.request.title)}`, head, waits].filter(Boolean).join('\n\n');
}

function waitLine({
  role,
  signal,
  item,
  assignees,
  since,
  deadline,
  escalationLevel,
  acknowledged,
}: Wait): string {
  const who = assignees.map(inline).join(', ') || 'anybody';
  const level = escalationLevel > 0 ? ` · **escalated to level ${escalationLevel}**` : '';
  const taken = acknowledged ? ` · in hand: ${inline(acknowledged.by)}` : '';
  const times = `since ${clock(since)} · until **${clock(deadline)} UTC**${level}${taken}`;
  return `- **${role}** (${who}): \`${signal}\`${item ? ` ${item}` : ''}\n  ${times}`;
}
