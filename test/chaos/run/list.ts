import { setTimeout as sleep } from 'node:timers/promises';
import type { IncidentView } from '../../../src/process/view.ts';
import type { Caller } from './caller.ts';
import type { Findings } from './figures.ts';
import { endOf } from './plan.ts';
import type { Story } from './story.ts';

interface Page {
  incidents: IncidentView[];
  next: string | null;
}

/** How long the list may be behind the incidents, in milliseconds. */
const lag = 15_000;

/** Holds the list against the plans: each incident is there, with the status of its end. */
export async function judgeList(
  stories: readonly Story[],
  caller: Caller,
  findings: Findings,
): Promise<void> {
  const wanted = stories.filter(({ isOver }) => isOver);
  for (const end = Date.now() + lag; ; await sleep(1_000)) {
    const listed = await list(caller);
    const wrong = wanted.filter(({ id, plan }) => listed.get(id) !== endOf(plan));
    if (wrong.length === 0) return;
    if (Date.now() < end) continue;
    for (const { id } of wrong) {
      findings.add('other than answered', id, `The list has it as ${listed.get(id)}.`);
    }
    return;
  }
}

async function list(caller: Caller): Promise<Map<string, string>> {
  const statuses = new Map<string, string>();
  let path: string | null = '/incidents?limit=100';
  while (path) {
    const page: Page | null = await caller.read<Page>(path);
    for (const { id, status } of page?.incidents ?? []) statuses.set(id, status);
    path = page?.next ? `/incidents?limit=100&cursor=${encodeURIComponent(page.next)}` : null;
  }
  return statuses;
}
