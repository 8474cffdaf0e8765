/** One server-sent event; progress has no id. */
export interface Frame {
  id: string | undefined;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: each type of event has a shape of its own.
  data: any;
}

/** What a client sees of `/events`, in order. */
export class EventStream {
  readonly frames: Frame[] = [];
  private readonly closing = new AbortController();
  private readonly reading: Promise<void>;

  constructor(url: string, lastEventId?: string) {
    this.reading = this.read(url, lastEventId).catch((error) => {
      if (!this.closing.signal.aborted) throw error;
    });
  }

  of(event: string): Frame[] {
    return this.frames.filter((frame) => frame.event === event);
  }

  /** Waits until the frames are as wanted. */
  async until(isSo: (stream: this) => boolean): Promise<void> {
    for (let tries = 0; !isSo(this); tries += 1) {
      if (tries === 800) throw new Error(`never so: ${JSON.stringify(this.frames)}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.reading;
  }

  private async read(url: string, lastEventId: string | undefined): Promise<void> {
    const headers = new Headers(lastEventId === undefined ? [] : [['last-event-id', lastEventId]]);
    const { body } = await fetch(url, { headers, signal: this.closing.signal });
    let rest = '';
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (rest + part).split('\n\n');
      rest = blocks.pop() ?? '';
      this.frames.push(...blocks.flatMap(frameOf));
    }
  }
}

function frameOf(block: string): Frame[] {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)] as const;
    }),
  );
  const event = fields.get('event');
  if (event === undefined) return [];
  return [{ id: fields.get('id'), event, data: JSON.parse(fields.get('data') ?? 'null') }];
}
