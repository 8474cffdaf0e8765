import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import type { IncidentView } from '../../src/process/view.ts';

interface Answer {
  status: number;
  body: IncidentView;
}

/** The public API over connections that are kept alive, one for each call under way. */
export class Api {
  private readonly pool: Pool;

  constructor(url: string) {
    this.pool = new Pool(url, { pipelining: 1 });
  }

  async start(incident: object): Promise<IncidentView> {
    const { body } = await this.call('POST', '/incidents', [201], incident);
    return body;
  }

  /** Sends a signal until its verdict is there, which a busy machine may not have at once. */
  async signal(id: string, signal: string, content: object): Promise<void> {
    const path = `/incidents/${id}/signals/${signal}`;
    const key = randomUUID();
    let answer: Answer;
    do answer = await this.call('POST', path, [200, 202], content, key);
    while (answer.status === 202);
  }

  async read(id: string): Promise<IncidentView> {
    const { body } = await this.call('GET', `/incidents/${id}`, [200]);
    return body;
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private async call(
    method: 'GET' | 'POST',
    path: string,
    wanted: number[],
    content?: object,
    key?: string,
  ): Promise<Answer> {
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
    const answer = { status, body: (await body.json()) as IncidentView };
    if (wanted.includes(status)) return answer;
    throw new Error(`${method} ${path} was answered ${status}: ${JSON.stringify(answer.body)}`);
  }
}
