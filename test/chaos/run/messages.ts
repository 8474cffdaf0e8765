import type { Notification } from '../../../src/process/notifications.ts';
import { Dice } from './dice.ts';
import { type Received, type Reply, type Server, startServer } from './server.ts';

/** A message as it came first; what comes again under its id is dropped, as receivers are told to. */
export type Message = Pick<Notification, 'id' | 'incidentId' | 'seq' | 'kind' | 'subject'> & {
  receivedAt: number;
};

/** Whoever is told: the receiver of the webhook channel. Now and then its answer is lost. */
export class Messages {
  private readonly received = new Map<string, Map<string, Message>>();
  private readonly dice: Dice;
  private server: Server | undefined;

  constructor(seed: number) {
    this.dice = new Dice(seed, 'messages');
  }

  get url(): string {
    return this.server?.url ?? '';
  }

  async start(): Promise<void> {
    this.server = await startServer((received) => this.answer(received));
  }

  close(): void {
    this.server?.close();
  }

  of(incidentId: string): Message[] {
    return [...(this.received.get(incidentId)?.values() ?? [])];
  }

  private answer({ body }: Received): Reply {
    if (body === null) return { status: 401 };
    const { id, incidentId, seq, kind, subject } = JSON.parse(body) as Notification;
    const those = this.received.get(incidentId) ?? new Map<string, Message>();
    this.received.set(incidentId, those);
    if (those.has(id)) return { status: 200 };
    those.set(id, { id, incidentId, seq, kind, subject, receivedAt: Date.now() });
    return this.dice.chance(5) ? 'lost' : { status: 200 };
  }
}
