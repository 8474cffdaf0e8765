import { setTimeout as sleep } from 'node:timers/promises';
import type { Analysis } from '../../src/process/analyses.ts';
import { type Role, roles } from '../../src/process/phases.ts';
import { HotfixApi, type Incident } from './api.ts';
import { lines } from './cast.ts';
import type { Screen } from './screen.ts';
import type { DemoSettings } from './settings.ts';
import type { ShopInTrouble } from './shop.ts';

/** Everyone but who has declared the incident already. */
type Speaker = Exclude<Role, 'incidentManager'>;

/** A moment for people to read along, in milliseconds. */
const beat = 700;

/** Where a story is played: the shop, the one incident of the story, and what people see of both. */
export class Scene {
  readonly screen: Screen;
  readonly shop: ShopInTrouble;
  readonly folder: string;
  private readonly api: HotfixApi;
  private id = '';

  constructor(screen: Screen, shop: ShopInTrouble, { api, folder }: DemoSettings) {
    this.screen = screen;
    this.shop = shop;
    this.folder = folder;
    this.api = new HotfixApi(api);
  }

  async declare(request: object): Promise<Incident> {
    const incident = await this.api.declare(request);
    this.id = incident.id;
    return incident;
  }

  /** Says a role's line, under the role's own name, after a moment. */
  async say(role: Speaker, words: string, own?: object): Promise<void> {
    await this.pause();
    const { defaultActor, signal } = roles[role];
    const body = own ?? lines[signal];
    await this.api.signal(this.id, signal, body, defaultActor);
    this.screen.step(defaultActor, words);
  }

  /** Any other signal, by a role's own name. */
  async send(role: Role, signal: string, body: object, words: string): Promise<void> {
    const { defaultActor } = roles[role];
    await this.api.signal(this.id, signal, body, defaultActor);
    this.screen.step(defaultActor, words);
  }

  until(isSo: (incident: Incident) => boolean): Promise<Incident> {
    return this.api.until(this.id, isSo);
  }

  /** The analysis with its series, once it has ended. */
  analysis(attempt: number, after: Analysis['after']): Promise<Analysis> {
    return this.api.analysis(this.id, (one) => one.attempt === attempt && one.after === after);
  }

  plotAddress({ number }: Analysis): string {
    return this.api.plotAddress(this.id, number ?? 1);
  }

  plot(analysis: number): Promise<string> {
    return this.api.text(this.api.plotAddress(this.id, analysis));
  }

  postMortem(): Promise<string> {
    return this.api.postMortem(this.id);
  }

  pause(beats = 1): Promise<void> {
    return sleep(beats * beat);
  }
}
