import { styleText } from 'node:util';
import { type Phase, phases, phaseTitles } from '../../src/process/phases.ts';

type Style = Parameters<typeof styleText>[0];

const isTerminal = process.stdout.isTTY === true;
const hasColour = isTerminal && !process.env.NO_COLOR;

export const paint = (style: Style, text: string): string =>
  hasColour ? styleText(style, text) : text;

const blocks = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** What people see of the demo: one line a step, and on a terminal the shop's health below it. */
export class Screen {
  private readonly begin = Date.now();
  private footer = '';

  print(text = ''): void {
    this.wipe();
    process.stdout.write(`${text}\n`);
    this.draw();
  }

  title(text: string): void {
    this.print(paint('bold', text));
  }

  /** The six phases with the current one marked. */
  phase(current: Phase): void {
    const at = phases.indexOf(current);
    const words = phases.map((phase, index) => {
      if (index < at) return paint('green', `✔ ${phaseTitles[phase]}`);
      return index === at
        ? paint(['bold', 'cyan'], `▶ ${phaseTitles[phase]}`)
        : paint('dim', `· ${phaseTitles[phase]}`);
    });
    this.print();
    this.print(words.slice(0, 3).join('   '));
    this.print(words.slice(3).join('   '));
  }

  /** Somebody did something. */
  step(who: string, what: string): void {
    const seconds = ((Date.now() - this.begin) / 1000).toFixed(1).padStart(5);
    this.print(`  ${paint('dim', `${seconds} s`)}  ${paint('yellow', who.padEnd(10))} ${what}`);
  }

  /** The shop's health: the share of checkouts that worked in each of the last moments, 0 to 1. */
  health(shares: number[]): void {
    if (!isTerminal) return;
    this.wipe();
    this.footer = `  shop  ${healthLine(shares)}`;
    this.draw();
  }

  close(): void {
    this.wipe();
    this.footer = '';
  }

  private wipe(): void {
    if (this.footer) process.stdout.write('\r\x1b[2K');
  }

  private draw(): void {
    if (this.footer) process.stdout.write(this.footer);
  }
}

/** A sparkline and the newest share in words. */
export function healthLine(shares: number[]): string {
  const line = shares.map((share) => blocks[Math.round(share * (blocks.length - 1))]).join('');
  const last = shares.at(-1) ?? 0;
  const words = `${Math.round(last * 100)} % of checkouts work`;
  return `${line} ${paint(last > 0.95 ? 'green' : 'red', words)}`;
}
