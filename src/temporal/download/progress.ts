const BAR_WIDTH = 24;
const LINE_EVERY_BYTES = 10_000_000;

/** Where progress is written: a terminal gets a bar that moves, anything else a few whole lines. */
export interface ProgressOutput {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** Called with the bytes received so far, and the total where it is known. */
export type ReportProgress = (received: number, total?: number) => void;

export interface ProgressDisplay {
  report: ReportProgress;
  /** Ends the line that moves, so that what is written next starts on its own. */
  end(): void;
}

/** Shows how far the download called `label` has come. */
export function displayProgress(output: ProgressOutput, label: string): ProgressDisplay {
  return output.isTTY === true ? bar(output, label) : lines(output, label);
}

function bar(output: ProgressOutput, label: string): ProgressDisplay {
  let shown = '';
  return {
    report(received, total) {
      const text = `${label} ${total === undefined ? '' : drawBar(received / total)}${amount(received, total)}`;
      if (text === shown) return;
      shown = text;
      output.write(`\r\x1b[2K${text}`);
    },
    end() {
      if (shown !== '') output.write('\n');
    },
  };
}

function lines(output: ProgressOutput, label: string): ProgressDisplay {
  let next = 0;
  return {
    report(received, total) {
      if (received < next) return;
      next = received + (total === undefined ? LINE_EVERY_BYTES : total / 4);
      output.write(`${label} ${amount(received, total)}\n`);
    },
    end() {},
  };
}

function drawBar(share: number): string {
  const full = Math.round(Math.min(share, 1) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${' '.repeat(BAR_WIDTH - full)}] `;
}

function amount(received: number, total: number | undefined): string {
  if (total === undefined) return `${megabytes(received)} MB`;
  return `${Math.floor((received / total) * 100)}% of ${megabytes(total)} MB`;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
