const isTerminal = process.stdout.isTTY === true;

/** What is said while it goes: on a terminal the current step is one line that is written over. */
export class Progress {
  private step = '';

  /** A line that stays. */
  say(text: string): void {
    this.wipe();
    process.stdout.write(`${text}\n`);
  }

  /** What is being done now. Elsewhere than on a terminal only the first of a series is written. */
  now(what: string, detail = ''): void {
    if (!isTerminal) {
      if (what !== this.step) process.stdout.write(`  ${what} …\n`);
      this.step = what;
      return;
    }
    this.wipe();
    this.step = `  ${what} … ${detail}`;
    process.stdout.write(this.step);
  }

  private wipe(): void {
    if (isTerminal && this.step) process.stdout.write('\r\x1b[2K');
    this.step = '';
  }
}
