import { Pool } from 'undici';
import type { IncidentView } from '../../src/process/view.ts';

/** The public API over connections that are kept alive, one for each call under way. */
export class Api {
  private readonly pool: Pool;

  constructor(url: string) {
    this.pool = new Pool(url, { pipelining: 1 });
  }

  start(incident: object): Promise<IncidentView> {
    return this.call('POST', '/incidents', [201], incident);
  }

  /** Sends a signal; anything but an accepted verdict is an error. */
  signal(id: string, signal: string, body: object): Promise<unknown> {
    return this.call('POST', `/incidents/${id}/signals/${signal}`, [200], body);
  }

  /** Sends a signal; that it is recorded will do. */
  record(id: string, signal: string, body: object): Promise<unknown> {
    return this.call('POST', `/incidents/${id}/signals/${signal}`, [200, 202], body);
  }

  read(id: string): Promise<IncidentView> {
    return this.call('GET', `/incidents/${id}`, [200]);
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private async call(
    method: 'GET' | 'POST',
    path: string,
    wanted: number[],
    content?: object,
  ): Promise<IncidentView> {
    const { statusCode, body } = await this.pool.request({
      path,
      method,
      ...(content && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(content),
      }),
    });
    const answer = (await body.json()) as IncidentView;
    if (wanted.includes(statusCode)) return answer;
    throw new Error(`${method} ${path} was answered ${statusCode}: ${JSON.stringify(answer)}`);
  }
}
