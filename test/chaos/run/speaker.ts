import { setTimeout as sleep } from 'node:timers/promises';
import type { IncidentEvent } from '../../../src/process/events.ts';
import { roleOf } from '../../../src/process/phases.ts';
import { isCompletion, type SignalName } from '../../../src/process/signals.ts';
import type { IncidentView } from '../../../src/process/view.ts';
import { actorOf, bodies } from '../../support/incidents.ts';
import type { Caller } from './caller.ts';
import type { Dice } from './dice.ts';
import type { Answer, Said, Story } from './story.ts';

/** Nothing has moved for so long, and nothing has failed meanwhile, that nothing will. In milliseconds. */
const patience = 180_000;

/** Whether what has not moved since then will not move any more. */
export const isHopeless = (since: number, { calmFor }: Calm): boolean =>
  Math.min(Date.now() - since, calmFor) > patience;

/** For how long nothing has failed, in milliseconds. */
export interface Calm {
  readonly calmFor: number;
}

/** Between two tries, in milliseconds: whoever asks faster keeps a slow service from getting better. */
const longestPause = 8_000;

/** An incident from which no answer comes any more. */
export class Stuck extends Error {
  override name = 'Stuck';
}

type SignalAnswer = Partial<IncidentView> & { code?: string; requestId?: string };

/** The people of one incident, who repeat what was not answered, under the same key. */
export class Speaker {
  private readonly story: Story;
  private readonly caller: Caller;
  private readonly dice: Dice;
  private readonly calm: Calm;
  private underWay = 0;
  /** Whether signals crossed: whose answer is the newer one is not known then. */
  private hasCrossed = false;
  private seen: IncidentView | null = null;

  constructor(story: Story, caller: Caller, dice: Dice, calm: Calm) {
    this.story = story;
    this.caller = caller;
    this.dice = dice;
    this.calm = calm;
  }

  /** Starts the incident, at times by two callers at once. */
  async open(): Promise<void> {
    const { plan } = this.story;
    const body = {
      title: `Incident ${plan.index}`,
      service: plan.service,
      ...(plan.isDeclaredAtStart && { declaration: bodies.incidentDeclared }),
    };
    const start = () =>
      this.caller.call<IncidentView>('/incidents', { body, key: plan.key, of: plan.key });
    await this.untilAnswered(async () => {
      const answers = await Promise.all(this.dice.chance(15) ? [start(), start()] : [start()]);
      const ids = answers.flatMap((answer) =>
        answer && answer.status < 300 ? [answer.body.id] : [],
      );
      if (new Set(ids).size > 1) throw new Error(`One key has two incidents: ${ids.join(', ')}`);
      this.story.id = ids[0] ?? '';
      return this.story.id !== '';
    }, 'its start');
  }

  /** The incident as the last answer had it, where nothing was said since; else as a worker knows it now. */
  async look(): Promise<IncidentView> {
    const { seen } = this;
    this.seen = null;
    return seen ?? (await this.read());
  }

  private async read(): Promise<IncidentView> {
    const path = `/incidents/${this.story.id}`;
    let view: IncidentView | undefined;
    await this.untilAnswered(async () => {
      const answer = await this.caller.call<IncidentView & { stale: boolean }>(path, {
        of: this.story.id,
      });
      if (answer?.status !== 200 || answer.body.stale) return false;
      view = answer.body;
      return true;
    }, 'a look at it');
    return view as IncidentView;
  }

  /**
   * Sends a signal, at times twice at once, and answers whether it was accepted. What was not answered is
   * sent again; what is recorded without a verdict is looked for, or sent again all the same.
   */
  async say(
    name: SignalName,
    body: object = {},
    by = this.whoIs(name),
    isWrong = false,
  ): Promise<boolean> {
    const said = this.story.say(name, { ...bodies[name], ...body }, by, isWrong);
    let isAccepted: boolean | null = null;
    const isTwice = this.dice.chance(10);
    await this.untilAnswered(async () => {
      const isRecorded = said.answers.some(({ status }) => status === 202);
      if (isRecorded && this.dice.chance(75)) isAccepted = await this.verdictOn(said);
      else {
        const sent = [this.send(said), ...(isTwice && !isRecorded ? [this.send(said)] : [])];
        isAccepted = verdictOf(await Promise.all(sent));
      }
      return isAccepted !== null;
    }, name);
    if (this.dice.chance(5)) await this.send(said);
    return isAccepted === true;
  }

  /** What the timeline says of it; null while it says nothing. */
  private async verdictOn({ requestId }: Said): Promise<boolean | null> {
    const { id } = this.story;
    const path = `/incidents/${id}/timeline`;
    const answer = await this.caller.call<IncidentEvent[]>(path, { of: id });
    if (answer?.status !== 200) return null;
    const event = answer.body.find((one) => one.requestId === requestId);
    return event ? event.type !== 'signalRefused' : null;
  }

  private whoIs(name: SignalName): string {
    const holder = isCompletion(name) ? this.story.holders.get(roleOf(name)) : undefined;
    return holder ?? actorOf(name);
  }

  private async send(said: Said): Promise<Answer | null> {
    const { id } = this.story;
    const call = { body: said.body, key: said.requestId, actor: said.by, of: id };
    this.hasCrossed ||= this.underWay > 0;
    this.underWay += 1;
    const got = await this.caller.call<SignalAnswer>(`/incidents/${id}/signals/${said.name}`, call);
    this.underWay -= 1;
    this.seen = got?.status === 200 && !this.hasCrossed ? (got.body as IncidentView) : null;
    this.hasCrossed &&= this.underWay > 0;
    if (!got) return null;
    const { code, requestId } = got.body;
    const answer: Answer = { status: got.status, code, requestId };
    said.answers.push(answer);
    return answer;
  }

  private async untilAnswered(attempt: () => Promise<boolean>, what: string): Promise<void> {
    const begun = Date.now();
    for (let pause = 500; !(await attempt()); pause = Math.min(2 * pause, longestPause)) {
      if (isHopeless(begun, this.calm))
        throw new Stuck(`No answer to ${what} within ${patience / 1000} s.`);
      await sleep(pause);
    }
  }
}

/** Null where nothing is decided. */
function verdictOf(answers: readonly (Answer | null)[]): boolean | null {
  const decided = answers.find((answer) => answer && ![202, 503].includes(answer.status));
  return decided ? decided.status === 200 : null;
}
