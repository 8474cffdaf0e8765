import {
  continueAsNew,
  defineQuery,
  defineSignal,
  patched,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import {
  deployQueueSignal,
  type HotfixInput,
  type HotfixResult,
  queries,
  type VerdictAnswer,
  type VerdictsAnswer,
  verdictOf,
} from '../process/contract.ts';
import {
  handle,
  type Incident,
  type Message,
  rotasToAskFor,
  type SignalMessage,
} from '../process/decide.ts';
import { detailsOf } from '../process/details.ts';
import type { IncidentEvent } from '../process/events.ts';
import { deployQueueSchema } from '../process/lock.ts';
import { type Notification, notificationOf } from '../process/notifications.ts';
import type { RotasToAsk } from '../process/outcomes.ts';
import { bytesOf, roomForPayload, within } from '../process/room.ts';
import { parseSignal, safely } from '../process/signals.ts';
import { evolve, isOver, type State } from '../process/state.ts';
import { type IncidentView, viewOf } from '../process/view.ts';
import { fixedAttributesOf, movingAttributesOf } from './searchAttributes.ts';

export const incidentQuery = defineQuery<IncidentView>(queries.incident);
export const verdictQuery = defineQuery<VerdictAnswer, [requestId: string]>(queries.verdict);
export const verdictsQuery = defineQuery<VerdictsAnswer, [requestIds: string[]]>(queries.verdicts);
export const timelineQuery = defineQuery<IncidentEvent[], [after?: number]>(queries.timeline);

/**
 * An incident under way: its state, the messages that reach it, and what is shown of it outside.
 * Everything that happens to the incident goes through `hear`.
 */
export class Run {
  /** Messages to people that are not sent yet, oldest first. */
  readonly outbox: Notification[] = [];
  /** Signals that wait until the rotas have said whether their senders are on call now, oldest first. */
  readonly inDoubt: SignalMessage[] = [];
  /** What has happened since the last message. */
  private untold: readonly IncidentEvent[] = [];
  private underWay = 0;
  /** When messages are read now, and when they were read before that. */
  private reading: { at: string; before: string };
  private incident: Incident;
  private isToShow = false;
  /** What was shown last, so that nothing is written to the history twice. */
  private shown = { attributes: '', place: '' };

  constructor(incident: Incident, isNew: boolean) {
    this.incident = incident;
    this.reading = { at: now(), before: workflowInfo().startTime.toISOString() };
    const messages = this.messagesOf(null, incident.timeline);
    if (isNew) this.outbox.push(...messages);
    if (workflowInfo().memo?.incident) this.shown = this.showing();
    else upsertSearchAttributes(fixedAttributesOf(this.state));
    this.listen();
    this.show();
  }

  get state(): State {
    return this.incident.state;
  }

  get isOver(): boolean {
    return isOver(this.state);
  }

  /** Whether an activity is under way. */
  get isBusy(): boolean {
    return this.underWay > 0;
  }

  /** Whether the history is long enough to go on in a new one, and nothing is in flight that would be lost. */
  get canCarryOn(): boolean {
    const isIdle = !this.isBusy && this.outbox.length === 0 && this.inDoubt.length === 0;
    return workflowInfo().continueAsNewSuggested && isIdle;
  }

  /** Counts the activity as under way until it has ended. */
  async during<T>(activity: Promise<T>): Promise<T> {
    this.underWay += 1;
    try {
      return await activity;
    } finally {
      this.underWay -= 1;
    }
  }

  hear(message: Message): void {
    const before = this.incident;
    this.incident = handle(before, message, this.read());
    this.outbox.push(...this.messagesOf(before.state, this.eventsAfter(lastSeqOf(before))));
    this.show();
  }

  /** The rotas that signals in doubt depend on. */
  rotasToAskFor(signals: readonly SignalMessage[]): RotasToAsk {
    return rotasToAskFor(this.incident, signals);
  }

  /** At most as large as Temporal takes. */
  result(): HotfixResult {
    const { timeline } = this.incident;
    return { incident: within(viewOf(this.state), roomForPayload - bytesOf(timeline)), timeline };
  }

  /** A long incident goes on in a new history. Only called where nothing is in flight. */
  carryOn(): Promise<never> {
    const { timeline } = this.incident;
    return continueAsNew<(input: HotfixInput) => Promise<HotfixResult>>({ timeline });
  }

  /** Handlers only record; what follows happens in the main function, so no handler outlives it. */
  private listen(): void {
    setHandler(incidentQuery, () => viewOf(this.state));
    setHandler(verdictQuery, (requestId: string) => ({
      verdict: verdictOf(this.incident, requestId),
      incident: viewOf(this.state),
      runId: workflowInfo().runId,
    }));
    setHandler(verdictsQuery, (requestIds: string[]) => ({
      verdicts: requestIds.map((requestId) => verdictOf(this.incident, requestId)),
      incident: viewOf(this.state),
      runId: workflowInfo().runId,
    }));
    setHandler(timelineQuery, (after = 0) => this.eventsAfter(after));
    setHandler(defineSignal<[unknown]>(deployQueueSignal), (argument) => {
      const queue = safely(deployQueueSchema, argument);
      if (queue.success) this.hear({ kind: 'deployQueueChanged', queue: queue.data });
      else this.hearSignal(deployQueueSignal, argument);
    });
    setDefaultSignalHandler((name, argument) => this.hearSignal(name, argument));
  }

  private eventsAfter(after: number): IncidentEvent[] {
    return this.incident.timeline.filter(({ seq }) => seq > after);
  }

  /** Now, remembered as when messages were read last. */
  private read(): string {
    const at = now();
    if (at !== this.reading.at) this.reading = { at, before: this.reading.at };
    return at;
  }

  private hearSignal(name: string, argument: unknown): void {
    const at = this.read();
    const receipt = { at, requestId: uuid4(), notBefore: this.reading.before };
    const parsed = parseSignal(name, argument, receipt);
    if (parsed.ok && parsed.signal.name === 'escalationAcknowledged') {
      // Before, an acknowledgement was of all that was waited for, and histories of then are to be replayed.
      if (!patched('acknowledged-by-person')) parsed.signal.isOfAll = true;
    }
    const message: SignalMessage = { kind: 'signal', name, parsed, argument };
    // Incidents that began before this refused at once, and their histories are to be replayed.
    const isInDoubt = Object.keys(this.rotasToAskFor([message])).length > 0;
    if (isInDoubt && patched('rota-before-refusal')) this.inDoubt.push(message);
    else this.hear(message);
  }

  private messagesOf(before: State | null, events: readonly IncidentEvent[]): Notification[] {
    let state = before;
    return events.flatMap((event) => {
      state = evolve(state, event);
      const message = notificationOf(state, event, this.untold);
      this.untold = message ? [] : [...this.untold, event];
      return message ?? [];
    });
  }

  /**
   * The memo is what readers have while no worker lives. It costs a history event of some size, so
   * it follows phases, and only the search attributes follow each completion.
   */
  private show(): void {
    this.showDetails();
    const { attributes, place } = this.showing();
    if (attributes !== this.shown.attributes)
      upsertSearchAttributes(movingAttributesOf(this.state));
    if (place !== this.shown.place) {
      upsertMemo({ incident: within(viewOf(this.state), roomForMemo) });
    }
    this.shown = { attributes, place };
  }

  /** Only the UI reads the details: once for all messages that are read together is enough. */
  private showDetails(): void {
    if (this.isToShow) return;
    this.isToShow = true;
    void Promise.resolve().then(() => {
      this.isToShow = false;
      setCurrentDetails(detailsOf(this.state));
    });
  }

  private showing() {
    const { status, phase, attempt } = this.state;
    return {
      attributes: JSON.stringify(movingAttributesOf(this.state).map(({ value }) => value)),
      place: [status, phase, attempt].join(),
    };
  }
}

const lastSeqOf = ({ timeline }: Incident): number => timeline.at(-1)?.seq ?? 0;

/** Lists read the memo of every incident on a page, and Temporal takes 2 MB of it at most. In bytes. */
const roomForMemo = 200_000;

/** The workflow's own clock: the same in every replay. ISO 8601, UTC. */
export const now = (): string => new Date().toISOString();

/** True once the incident has left the phase and attempt that it is in now. */
export function leaving(run: Run): () => boolean {
  const { phase, attempt } = run.state;
  return () => run.isOver || run.state.phase !== phase || run.state.attempt !== attempt;
}
