import { stripVTControlCharacters, styleText } from 'node:util';
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
  phase(current: Phase, attempt = 1): void {
    const at = phases.indexOf(current);
    const again = attempt > 1 ? ` (attempt ${attempt})` : '';
    const words = phases.map((phase, index) => {
      if (index < at) return paint('green', `✔ ${phaseTitles[phase]}`);
      return index === at
        ? paint(['bold', 'cyan'], `▶ ${phaseTitles[phase]}${again}`)
        : paint('dim', `· ${phaseTitles[phase]}`);
    });
    this.print();
    this.print(words.slice(0, 3).join('   '));
    this.print(words.slice(3).join('   '));
  }

  /** Somebody did something. */
  step(who: string, what: string): void {
    const seconds = ((Date.now() - this.begin) / 1000).toFixed(1).padStart(5);
    const head = `  ${paint('dim', `${seconds} s`)}  ${paint('yellow', who.padEnd(10))} `;
    this.print(head + wrapped(what, indent).join(`\n${' '.repeat(indent)}`));
  }

  /** The same, on several lines. */
  steps(who: string, [first = '', ...others]: string[]): void {
    this.step(who, first);
    for (const line of others) this.step('', line);
  }

  /** The shop's health, below everything else. */
  health(line: string): void {
    if (!isTerminal) return;
    this.wipe();
    this.footer = `  shop  ${line}`;
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

/** Where the words of a step begin. */
const indent = 22;

/** On a terminal no line breaks in the middle of a word. */
function wrapped(text: string, indent: number): string[] {
  const room = isTerminal ? process.stdout.columns - indent : Number.POSITIVE_INFINITY;
  const rows: string[] = [];
  for (const word of text.split(' ')) {
    const longer = rows.length > 0 ? `${rows.at(-1)} ${word}` : word;
    const fits = stripVTControlCharacters(longer).length <= room;
    if (fits && rows.length > 0) rows[rows.length - 1] = longer;
    else rows.push(word);
  }
  return rows;
}

/** A block for each value, the highest one full. */
export function sparkline(values: number[], highest = Math.max(...values)): string {
  const block = (value: number) =>
    blocks[highest > 0 ? Math.round((value / highest) * (blocks.length - 1)) : 0];
  return values.map(block).join('');
}

/** A sparkline and the newest share in words. */
export function healthLine(shares: number[]): string {
  const line = sparkline(shares, 1);
  const last = shares.at(-1) ?? 0;
  const words = `${Math.round(last * 100)} % of checkouts work`;
  return `${line} ${paint(last > 0.95 ? 'green' : 'red', words)}`;
}
