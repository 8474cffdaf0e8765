import type { Role } from '../../../src/process/phases.ts';
import type { SignalName } from '../../../src/process/signals.ts';
import type { Plan } from './plan.ts';

/** One answer of the API to a signal. */
export interface Answer {
  status: number;
  code: string | undefined;
  /** There where the answer promises that the signal is on the record. */
  requestId: string | undefined;
}

/** One signal under one Idempotency-Key, however often it was sent. */
export interface Said {
  name: SignalName;
  body: object;
  by: string;
  requestId: string;
  /** Whether it breaks a rule. */
  isWrong: boolean;
  answers: Answer[];
}

/** What the run remembers of one incident: what was to happen, what was said, and what was answered. */
export class Story {
  readonly plan: Plan;
  /** Empty until its start is answered. */
  id = '';
  readonly said: Said[] = [];
  /** Who holds a role since it was handed over. */
  readonly holders = new Map<Role, string>();
  isOver = false;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  get isOpen(): boolean {
    return this.id !== '' && !this.isOver;
  }

  say(name: SignalName, body: object, by: string, isWrong: boolean): Said {
    const requestId = `${this.plan.key}-${this.said.length + 1}`;
    const said: Said = { name, body, by, requestId, isWrong, answers: [] };
    this.said.push(said);
    return said;
  }

  /** The keys of what was answered as applied until now. */
  get applied(): string[] {
    return this.said
      .filter(({ answers }) => answers.some(({ status }) => status === 200))
      .map(({ requestId }) => requestId);
  }
}
