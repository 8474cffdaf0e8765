import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import type { IncidentEvent } from '../../src/process/events.ts';
import type { IncidentView } from '../../src/process/view.ts';
import { bodies } from '../support/incidents.ts';
import { Program, temporaryFolder } from '../support/processes.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';

type Name = keyof typeof bodies;

/** Everything that a team runs, each a process of its own, so that each can die alone. */
export class Team {
  readonly folder = temporaryFolder();
  url = '';
  private running: TestTemporal | undefined;
  private readonly programs = new Set<Program>();

  get temporal(): TestTemporal {
    if (!this.running) throw new Error('start() comes first.');
    return this.running;
  }

  /** Starts Temporal and the API on a configuration; workers are the test's own. */
  async start(configuration: object): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    this.running = await startTemporal({ dataDirectory: this.folder });
    writeFileSync(join(this.folder, 'hotfix.yaml'), stringify(configuration));
    const port = await getPort();
    this.url = `http://127.0.0.1:${port}`;
    await this.launch('dist/src/api/server.js', port).says('API is ready');
  }

  /** Starts Temporal again where it was, after `temporal.kill()`. */
  async restartTemporal(): Promise<void> {
    const { port } = this.temporal;
    this.running = await startTemporal({ dataDirectory: this.folder, port });
  }

  async stop(): Promise<void> {
    for (const program of this.programs) {
      await program.end('SIGKILL');
      program.forget();
    }
    await this.running?.stop().catch(() => {});
  }

  async startWorker(): Promise<Program> {
    const worker = this.launch('dist/worker.js', await getPort());
    await worker.says('worker is ready');
    return worker;
  }

  async call<T>(path: string, body?: object): Promise<{ status: number; body: T }> {
    const answer = await fetch(`${this.url}${path}`, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
    });
    return { status: answer.status, body: (await answer.json()) as T };
  }

  async open(): Promise<RemoteIncident> {
    const declaration = bodies.incidentDeclared;
    const request = { title: 'Checkout is down', service: 'shop', declaration };
    const { body } = await this.call<IncidentView>('/incidents', request);
    return new RemoteIncident(this, body.id);
  }

  private launch(file: string, port: number): Program {
    const program = new Program([file], {
      TEMPORAL_ADDRESS: this.temporal.server.address,
      HOTFIX_DATA: this.folder,
      HOTFIX_CONFIG: join(this.folder, 'hotfix.yaml'),
      PORT: String(port),
    });
    this.programs.add(program);
    return program;
  }
}

/** An incident, seen through the API. */
export class RemoteIncident {
  readonly id: string;
  private readonly team: Team;

  constructor(team: Team, id: string) {
    this.team = team;
    this.id = id;
  }

  async say(...names: Name[]): Promise<number[]> {
    const statuses: number[] = [];
    for (const name of names) statuses.push(await this.send(name));
    return statuses;
  }

  async send(name: Name, body: object = {}): Promise<number> {
    const path = `/incidents/${this.id}/signals/${name}`;
    return (await this.team.call(path, { ...bodies[name], ...body })).status;
  }

  async view(): Promise<IncidentView & { stale: boolean }> {
    return (await this.team.call<IncidentView & { stale: boolean }>(`/incidents/${this.id}`)).body;
  }

  async until(what: (view: IncidentView) => boolean, timeout = 50_000): Promise<IncidentView> {
    let view: IncidentView | undefined;
    const look = async () => {
      view = await this.view();
      return what(view);
    };
    await expect.poll(look, { timeout, interval: timeout / 250 }).toBe(true);
    return view as IncidentView;
  }

  async events(type: IncidentEvent['type']): Promise<IncidentEvent[]> {
    const { body } = await this.team.call<IncidentEvent[]>(`/incidents/${this.id}/timeline`);
    return body.filter((event) => event.type === type);
  }
}
