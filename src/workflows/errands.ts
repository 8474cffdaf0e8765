import { condition, patched } from '@temporalio/workflow';
import { cut } from '../process/cut.ts';
import { followUpsDue } from '../process/followUps.ts';
import type { Notification } from '../process/notifications.ts';
import type { Phase } from '../process/phases.ts';
import { results } from '../process/results.ts';
import { bytesOf, within } from '../process/room.ts';
import type { ParsedSignal } from '../process/signals.ts';
import { analysisDueOfRollback } from '../process/steps.ts';
import { activities, answerOf } from './activities.ts';
import { analyse } from './analyses.ts';
import type { Run } from './run.ts';
import { isSetAnew, waitOf } from './timers.ts';

/**
 * Sends what people have to be told, until the incident is over. One delivery never waits for
 * another: a channel that is down must not hold back the next escalation.
 */
export async function sendNotifications(run: Run): Promise<void> {
  for (;;) {
    await condition(() => run.outbox.length > 0 || run.isOver);
    const batch = run.outbox.splice(0);
    if (batch.length === 0) return;
    for (const part of partsOf(batch)) void send(run, part);
  }
}

/** What one argument of an activity may be, far below what Temporal takes. In bytes. */
const roomForBatch = 500_000;

/** Many messages at once, as after an outage, go out by several activities. */
function partsOf(batch: Notification[]): Notification[][] {
  const isSmall = bytesOf(batch) <= roomForBatch;
  // What began before this sent all at once, and its history is to be replayed.
  if (isSmall || !patched('messages-in-parts')) return [batch];
  const parts: Notification[][] = [[]];
  for (const message of batch.map((one) => within(one, roomForBatch / 2))) {
    const last = parts.at(-1) ?? [];
    if (bytesOf([...last, message]) <= roomForBatch) last.push(message);
    else parts.push([message]);
  }
  return parts;
}

async function send(run: Run, batch: Notification[]): Promise<void> {
  const summary = cut(batch.map(({ subject }) => subject).join(' · '), 200);
  const answer = await run.during(
    answerOf(activities.notify.executeWithOptions({ summary }, [batch]), results.notify),
  );
  if (!answer.ok) {
    run.hear({ kind: 'activityFailed', activity: 'notify', reason: answer.reason });
    return;
  }
  const { deliveries, onCall } = answer.value;
  for (const found of onCall) run.hear({ kind: 'onCallFound', found, deliveries });
  if (deliveries.length > 0) run.hear({ kind: 'notified', deliveries });
}

/**
 * Whoever is to be refused may have come on call since the last message: the rotas are asked before,
 * and the signal is decided by what they say, with the time at which it was received.
 */
export async function settleDoubts(run: Run): Promise<void> {
  for (;;) {
    await condition(() => run.inDoubt.length > 0 || run.isOver);
    const signals = run.inDoubt.splice(0);
    if (signals.length === 0) return;
    const senders = [...new Set(signals.map(({ parsed }) => senderOf(parsed)))];
    const summary = cut(`whether ${senders.join(', ')} is on call now`, 200);
    const answer = await run.during(
      answerOf(
        activities.findOnCall.executeWithOptions({ summary }, [run.rotasToAskFor(signals)]),
        results.findOnCall,
      ),
    );
    if (answer.ok) {
      for (const found of answer.value)
        run.hear({ kind: 'onCallFound', found, deliveries: [], present: senders });
    } else run.hear({ kind: 'activityFailed', activity: 'findOnCall', reason: answer.reason });
    for (const signal of signals) run.hear(signal);
  }
}

const senderOf = (parsed: ParsedSignal): string => (parsed.ok ? parsed.signal.by : parsed.by);

/** Files each follow-up task once it is owed. What cannot be filed is on the record, for people to do. */
export async function fileFollowUps(run: Run): Promise<void> {
  const tried = new Set<string>();
  const due = () => followUpsDue(run.state).filter(({ key }) => !tried.has(key));
  for (;;) {
    await condition(() => due().length > 0 || run.isOver);
    const tasks = due();
    if (tasks.length === 0) return;
    for (const { key } of tasks) tried.add(key);
    const summary = `${tasks.length} follow-up task${tasks.length > 1 ? 's' : ''}`;
    const answer = await run.during(
      answerOf(
        activities.fileFollowUps.executeWithOptions({ summary }, [tasks]),
        results.fileFollowUps,
      ),
    );
    if (!answer.ok) {
      run.hear({ kind: 'activityFailed', activity: 'fileFollowUps', reason: answer.reason });
      continue;
    }
    const filed = new Map(answer.value.map((task) => [task.key, task]));
    run.hear({
      kind: 'followUpsFiled',
      tasks: tasks.flatMap((task) => {
        const found = filed.get(task.key);
        return found ? [{ ...task, ...found }] : [];
      }),
    });
  }
}

const minute = 60_000;
const beforeVerification: Phase[] = ['declaration', 'quickFix', 'quickReview', 'deploy'];

/**
 * Tries the access to the service's systems while the fix is being written, again until all is well:
 * what fails reaches its people now, and not when the fix waits.
 */
export async function preflight(run: Run): Promise<void> {
  const isNeeded = () => !run.isOver && beforeVerification.includes(run.state.phase);
  if (!run.state.terms.connected) return;
  for (let pause = minute; isNeeded(); pause = Math.min(2 * pause, 30 * minute)) {
    const { service } = run.state.request;
    const summary = `access to the systems of ${service}`;
    const answer = await run.during(
      answerOf(activities.preflight.executeWithOptions({ summary }, [service]), results.preflight),
    );
    if (answer.ok) run.hear({ kind: 'preflighted', checks: answer.value });
    else run.hear({ kind: 'activityFailed', activity: 'preflight', reason: answer.reason });
    if (answer.ok && answer.value.every(({ ok }) => ok)) return;
    await condition(() => !isNeeded(), pause, { summary: 'Preflight: then tried again' });
  }
}

/** A rollback is measured as a deploy is, while the next fix is being written. */
export async function measureRollbacks(run: Run): Promise<void> {
  for (;;) {
    await condition(() => run.isOver || analysisDueOfRollback(run.state) !== null);
    const attempt = analysisDueOfRollback(run.state);
    if (run.isOver || attempt === null) return;
    const isUseless = () => run.isOver || run.state.deploys.at(-1)?.attempt !== attempt;
    await analyse(run, { environment: 'production', after: 'rollback', attempt }, isUseless);
  }
}

/** A bypass owes a review, with an escalation of its own from the bypass on. */
export async function retrospective(run: Run): Promise<void> {
  const watch = () => run.state.retrospectiveWatch;
  while (!run.isOver) {
    await condition(() => run.isOver || watch() !== null);
    const set = watch();
    if (run.isOver || !set) continue;
    const isMoved = () => run.isOver || isSetAnew(set, watch());
    const summary = 'Review in retrospect: then the next level';
    if (!(await condition(isMoved, waitOf(set), { summary }))) {
      run.hear({ kind: 'clock', of: 'retrospective' });
    }
  }
}
