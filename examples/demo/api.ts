import { setTimeout as sleep } from 'node:timers/promises';
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

  read(id: string): Promise<Incident> {
    return this.call(`/incidents/${id}`);
  }

  async postMortem(id: string): Promise<string> {
    return await (await fetch(`${this.url}/incidents/${id}/post-mortem`)).text();
  }

  /** Waits until the incident is as wanted, at most a minute. */
  async until(id: string, isSo: (incident: Incident) => boolean): Promise<Incident> {
    for (let tries = 0; tries < 300; tries += 1) {
      const incident = await this.read(id);
      if (isSo(incident)) return incident;
      await sleep(200);
    }
    throw new Error(`The incident did not get on; look at ${this.url}/incidents/${id}.`);
  }

  private async call(path: string, body?: object, headers: Record<string, string> = {}) {
    const answer = await fetch(`${this.url}${path}`, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', ...headers },
    });
    const content = (await answer.json()) as Incident & { detail?: string };
    if (answer.ok) return content;
    throw new Error(`${path} was answered ${answer.status}: ${content.detail}`);
  }
}
