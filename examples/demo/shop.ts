import { answering, type ShopEnvironment, shopEnvironment, stop } from '../shop/environment.ts';
import { deploy } from '../shop/releases.ts';
import { startTraffic, type Traffic } from '../shop/traffic.ts';
import { healthLine } from './screen.ts';
import type { DemoSettings } from './settings.ts';

const moment = 500;
const remembered = 24;

/** The shop with customers in it, and what share of them can buy. */
export class ShopInTrouble {
  /** The share of checkouts that worked in each of the last moments, 0 to 1. */
  private readonly shares: number[] = [];
  private readonly environment: ShopEnvironment;
  private readonly url: string;
  private traffic: Traffic | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** When customers first met the release that is live at the beginning. ISO 8601, UTC. */
  openedAt = '';

  constructor({ shopState, shopPort, shop }: DemoSettings) {
    this.environment = shopEnvironment(shopState, 'production', shopPort);
    this.url = shop;
  }

  /** Brings the release live, and lets customers in. */
  async open(version: string, onMoment: (health: string) => void): Promise<void> {
    await deploy(this.environment, version, () => {});
    this.openedAt = new Date().toISOString();
    const traffic = startTraffic(this.url, 40);
    this.traffic = traffic;
    let before = { sold: 0, failed: 0 };
    this.timer = setInterval(() => {
      const sold = traffic.sold - before.sold;
      const failed = traffic.failed - before.failed;
      before = { sold: traffic.sold, failed: traffic.failed };
      if (sold + failed === 0) return;
      this.shares.push(sold / (sold + failed));
      if (this.shares.length > remembered) this.shares.shift();
      onMoment(this.health);
    }, moment);
  }

  /** The share of checkouts that worked in the last moment. */
  get share(): number {
    return this.shares.at(-1) ?? 0;
  }

  /** The last moments as a line for people. */
  get health(): string {
    return healthLine(this.shares);
  }

  /** What is live, as the shop itself says. */
  async version(): Promise<string> {
    return (await answering(this.environment))?.version ?? 'nothing';
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.traffic?.stop();
    await stop(this.environment);
  }
}
