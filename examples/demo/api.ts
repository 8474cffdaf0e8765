import { setTimeout as sleep } from 'node:timers/promises';
import type { Analysis } from '../../src/process/analyses.ts';
import type { IncidentView } from '../../src/process/view.ts';

export type Incident = IncidentView & { temporal: { url: string | null } };

/** The public API, as any other tool would use it. */
export class HotfixApi {
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  declare(request: object): Promise<Incident> {
    return this.call('/incidents', request);
  }

  signal(id: string, name: string, body: object, by: string): Promise<Incident> {
    return this.call(`/incidents/${id}/signals/${name}`, body, { 'x-hotfix-actor': by });
  }

  /** Waits until the analysis that is meant has ended. */
  analysis(id: string, isMeant: (analysis: Analysis) => boolean): Promise<Analysis> {
    return this.eventually(id, async () => {
      const { analyses } = await this.call<{ analyses: Analysis[] }>(
        `/incidents/${id}/measurements`,
      );
      return analyses.find((one) => isMeant(one) && one.state === 'finished');
    });
  }

  /** Where the picture of an analysis is; `analysis` is its number in the incident. */
  plotAddress(id: string, analysis: number): string {
    return `${this.url}/incidents/${id}/measurements.svg?analysis=${analysis}`;
  }

  postMortem(id: string): Promise<string> {
    return this.text(`${this.url}/incidents/${id}/post-mortem`);
  }

  async text(address: string): Promise<string> {
    return await (await fetch(address)).text();
  }

  /** Waits until the incident is as wanted. */
  until(id: string, isSo: (incident: Incident) => boolean): Promise<Incident> {
    return this.eventually(id, async () => {
      const incident = await this.call(`/incidents/${id}`);
      return isSo(incident) ? incident : undefined;
    });
  }

  /** Asks until there is an answer, at most a minute. */
  private async eventually<T>(id: string, ask: () => Promise<T | undefined>): Promise<T> {
    for (let tries = 0; tries < 300; tries += 1) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await sleep(200);
    }
    throw new Error(`The incident did not get on; look at ${this.url}/incidents/${id}.`);
  }

  private async call<T = Incident>(
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const answer = await fetch(`${this.url}${path}`, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', ...headers },
    });
    const content = (await answer.json()) as T & { detail?: string };
    if (answer.ok) return content;
    throw new Error(`${path} was answered ${answer.status}: ${content.detail}`);
  }
}
