import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import type { IncidentEvent } from '../../src/process/events.ts';
import type { IncidentView } from '../../src/process/view.ts';

interface Answer<T> {
  status: number;
  body: T;
}

/** Between two looks, in milliseconds, and how many there are at most: two minutes. */
const pause = 250;
const looks = 480;

/** The public API over connections that are kept alive, one for each call under way. */
export class Api {
  private readonly pool: Pool;

  constructor(url: string) {
    this.pool = new Pool(url, { pipelining: 1 });
  }

  async start(incident: object): Promise<IncidentView> {
    const { body } = await this.call<IncidentView>('POST', '/incidents', [201], incident);
    return body;
  }

  /**
   * Sends a signal, and waits until it is on the record, where a busy worker has not answered at once.
   * It is not sent again: each time would make the history longer, and the worker busier.
   */
  async signal(id: string, signal: string, content: object): Promise<void> {
    const path = `/incidents/${id}/signals/${signal}`;
    const key = randomUUID();
    const { status } = await this.call('POST', path, [200, 202], content, key);
    if (status === 202) await this.untilAccepted(id, key);
  }

  private async untilAccepted(id: string, requestId: string): Promise<void> {
    for (let look = 0; look < looks; look += 1) {
      await sleep(pause);
      // 503 where the worker has not come to it yet.
      const answer = await this.call<IncidentEvent[]>(
        'GET',
        `/incidents/${id}/timeline`,
        [200, 503],
      );
      const event = answer.status === 200 && answer.body.find((one) => one.requestId === requestId);
      if (!event) continue;
      if (event.type !== 'signalRefused') return;
      throw new Error(`${event.data.signal} to ${id} was refused: ${event.data.reason}`);
    }
    throw new Error(`A signal to ${id} was not decided within two minutes.`);
  }

  async read(id: string): Promise<IncidentView> {
    const { body } = await this.call<IncidentView>('GET', `/incidents/${id}`, [200]);
    return body;
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private async call<T>(
    method: 'GET' | 'POST',
    path: string,
    wanted: number[],
    content?: object,
    key?: string,
  ): Promise<Answer<T>> {
    const { statusCode: status, body } = await this.pool.request({
      path,
      method,
      ...(content && {
        headers: {
          'content-type': 'application/json',
          // As somebody else each time: one caller may send no more than people do.
          ...(key && { 'idempotency-key': key, 'x-hotfix-actor': key }),
        },
        body: JSON.stringify(content),
      }),
    });
    const answer = { status, body: (await body.json()) as T };
    if (wanted.includes(status)) return answer;
    throw new Error(`${method} ${path} was answered ${status}: ${JSON.stringify(answer.body)}`);
  }
}
