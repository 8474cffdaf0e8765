import { setTimeout as sleep } from 'node:timers/promises';
import type { SignalName } from '../../../src/process/signals.ts';
import type { IncidentView } from '../../../src/process/view.ts';
import type { Wait } from '../../../src/process/waiting.ts';
import { actorOf } from '../../support/incidents.ts';
import type { Caller } from './caller.ts';
import { Dice } from './dice.ts';
import type { Findings } from './figures.ts';
import type { Messages } from './messages.ts';
import { attemptOf } from './plan.ts';
import { type Calm, isHopeless, Speaker, Stuck } from './speaker.ts';
import type { Story } from './story.ts';

export interface World {
  seed: number;
  caller: Caller;
  messages: Messages;
  findings: Findings;
  faults: Calm;
}

/** How long whoever is late is told at the latest, after everything that a fault can hold up. */
const toldWithin = 120_000;

/** Takes an incident through its plan to its end, as its people do: each answers what is asked of them. */
export async function walk(story: Story, world: World): Promise<void> {
  const walker = new Walker(story, world);
  try {
    await walker.walk();
    story.isOver = true;
  } catch (error) {
    const figure = error instanceof Stuck ? 'stuck' : 'other than answered';
    world.findings.add(figure, story.id || story.plan.key, String(error));
  }
}

/**
 * Where an incident stands, as a text that changes when it moves: also when the same is asked anew, as
 * after a deploy that another one overtook.
 */
const standingOf = ({ status, phase, attempt, waitingFor }: IncidentView): string =>
  [status, phase, attempt, ...waitingFor.map(({ signal, since }) => `${signal} ${since}`)].join();

class Walker {
  private readonly story: Story;
  private readonly world: World;
  private readonly dice: Dice;
  private readonly speaker: Speaker;
  /** The attempts whose reviewers have been told, and the review in retrospect. */
  private readonly told = new Set<number | 'retrospective'>();

  constructor(story: Story, world: World) {
    this.story = story;
    this.world = world;
    this.dice = new Dice(world.seed, `walk ${story.plan.index}`);
    this.speaker = new Speaker(story, world.caller, this.dice, world.faults);
  }

  async walk(): Promise<void> {
    await this.speaker.open();
    let before = '';
    let movedAt = Date.now();
    for (;;) {
      const view = await this.speaker.look();
      if (['closed', 'declined', 'aborted'].includes(view.status)) return;
      const standing = standingOf(view);
      if (standing !== before) movedAt = Date.now();
      else if (isHopeless(movedAt, this.world.faults)) throw new Stuck(`It stays in ${standing}.`);
      before = standing;
      await sleep(this.dice.between(0, 1_200));
      await this.act(view);
    }
  }

  private async act(view: IncidentView): Promise<void> {
    if (await this.aborts(view)) return;
    await this.sayMore(view);
    await this.beLate(view);
    const { review } = attemptOf(this.story.plan, view.attempt);
    if (view.phase === 'quickReview' && review === 'bypassed') {
      await this.speaker.say('reviewBypassed');
      return;
    }
    const waits = this.dice.chance(50) ? view.waitingFor : view.waitingFor.slice(0, 1);
    await Promise.all(waits.map((wait) => this.answer(wait, view.attempt)));
    if (waits.length === 0) await sleep(500);
  }

  /** Whether it has just been aborted. */
  private async aborts({ phase, attempt, waitingFor }: IncidentView): Promise<boolean> {
    const { abort } = this.story.plan;
    if (abort?.phase !== phase || abort.attempt !== attempt) return false;
    const authorization = waitingFor.find(({ signal }) => signal === 'deployAuthorized');
    if (abort.isMidway && authorization) {
      await this.answer(authorization, attempt);
      await sleep(this.dice.between(0, 1_500));
    }
    await this.speaker.say('incidentAborted');
    return true;
  }

  /** What people say besides: comments, acknowledgements, roles that are handed over, and what is refused. */
  private async sayMore(view: IncidentView): Promise<void> {
    const { speaker, dice } = this;
    if (dice.chance(8)) await speaker.say('commented', { text: `Note ${dice.between(1, 999)}` });
    if (view.escalation.level > 0 && dice.chance(30)) await speaker.say('escalationAcknowledged');
    if (dice.chance(4)) await this.handOver();
    if (dice.chance(6)) await this.sayWrong(view);
  }

  private async handOver(): Promise<void> {
    const role = this.dice.pick(['deployer', 'monitor', 'tester', 'processImprover']);
    const person = `${role}-${this.dice.between(2, 9)}`;
    const isAccepted = await this.speaker.say('roleAssigned', { role, person });
    if (isAccepted) this.story.holders.set(role, person);
  }

  /** Only what nothing that goes on meanwhile could make right. */
  private async sayWrong({ phase }: IncidentView): Promise<void> {
    const { speaker } = this;
    if (phase === 'quickReview') await speaker.say('sanityChecked', {}, actorOf('fixReady'), true);
    if (phase === 'declaration') await speaker.say('incidentReviewed', {}, undefined, true);
    if (phase === 'postMortem') await speaker.say('fixReady', {}, undefined, true);
    if (phase === 'quickFix') await speaker.say('deployAuthorized', {}, undefined, true);
  }

  /** Waits until the next level is told, where the plan has people who are late. */
  private async beLate({ phase, attempt, waitingFor, bypass }: IncidentView): Promise<void> {
    const { plan } = this.story;
    if (
      phase === 'quickReview' &&
      attemptOf(plan, attempt).isReviewLate &&
      waitingFor.length === 2
    ) {
      await this.untilTold(attempt, `Quick review is late`);
    }
    const isOwed = phase === 'postMortem' && bypass && !bypass.reviewed;
    if (isOwed && plan.isRetrospectiveLate) {
      await this.untilTold('retrospective', 'The review in retrospect is late');
    }
  }

  private async untilTold(what: number | 'retrospective', subject: string): Promise<void> {
    if (this.told.has(what)) return;
    const before = what === 'retrospective' ? 0 : this.countTold(subject);
    const begun = Date.now();
    while (this.countTold(subject) <= before) {
      if (Date.now() > begun + toldWithin) {
        const { findings } = this.world;
        findings.add('escalations missed', this.story.id, `"${subject}" was told to nobody.`);
        break;
      }
      await sleep(200);
    }
    this.told.add(what);
  }

  private countTold(subject: string): number {
    return this.world.messages
      .of(this.story.id)
      .filter((message) => message.subject.startsWith(subject)).length;
  }

  private async answer({ signal, item }: Wait, attempt: number): Promise<void> {
    await this.speaker.say(signal, { ...this.decision(signal, attempt), ...(item && { item }) });
  }

  /** What the plan has a role decide. */
  private decision(signal: SignalName, attempt: number): object {
    const { plan } = this.story;
    const { review, staging, isVerified, isFirstAgainst } = attemptOf(plan, attempt);
    const rejection = { verdict: 'rejected' };
    const isRejected = review === 'rejected';
    switch (signal) {
      case 'priorityAssessed':
        return { priority: plan.priority };
      case 'fixReady':
        return { ref: `v${plan.index}.${attempt}` };
      case 'sanityChecked':
        return isRejected && isFirstAgainst ? rejection : {};
      case 'securityChecked':
        return isRejected && !isFirstAgainst ? rejection : {};
      case 'deployAuthorized':
        return { skipStaging: staging === 'skipped' };
      case 'systemVerified':
        return { solved: isVerified || !isFirstAgainst };
      case 'quickVerified':
        return { passed: isVerified || isFirstAgainst };
      default:
        return {};
    }
  }
}
