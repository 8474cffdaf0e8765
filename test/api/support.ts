import type { FastifyInstance, InjectOptions } from 'fastify';
import pino from 'pino';
import { vi } from 'vitest';
import { stringify } from 'yaml';
import { type ApiDeps, buildApp } from '../../src/api/app.ts';
import type { IncidentAnswer } from '../../src/api/gateway/read.ts';
import type { Problem } from '../../src/api/problems.ts';
import { createDirectory } from '../../src/config/directory.ts';
import { parseConfig } from '../../src/config/load.ts';
import { hashOf } from '../../src/config/tokens.ts';
import { taskQueue } from '../../src/process/contract.ts';
import { roles } from '../../src/process/phases.ts';
import type { SignalName } from '../../src/process/signals.ts';
import { bodies } from '../support/incidents.ts';
import { startTemporal, type TestTemporal, type TestTemporalOptions } from '../support/temporal.ts';
import { Bed } from '../support/workflows.ts';
import { Contract } from './contract.ts';

/** Long enough for a busy machine, where a worker is there. In milliseconds. */
const patient = 20_000;

export interface Answer<T> {
  status: number;
  headers: Record<string, unknown>;
  body: T;
  text: string;
}

/** The API on a Temporal server of the test file's own. Workers come and go by `bed.work()`. */
export class TestApi {
  readonly temporal: TestTemporal;
  readonly bed: Bed;
  /** Everything that was logged, a line each. */
  readonly log: string[] = [];
  private readonly apps: FastifyInstance[] = [];
  private standard: FastifyInstance | undefined;

  private constructor(temporal: TestTemporal, bed: Bed) {
    this.temporal = temporal;
    this.bed = bed;
  }

  static async start(options: TestTemporalOptions = {}): Promise<TestApi> {
    const temporal = await startTemporal(options);
    return new TestApi(temporal, await Bed.at(temporal.server.address, taskQueue));
  }

  deps(yaml = '{}', over: Partial<ApiDeps> = {}): ApiDeps {
    return {
      client: this.temporal.client,
      directory: createDirectory(parseConfig(yaml, {})),
      uiUrl: 'http://ui.example',
      logger: pino({ level: 'trace' }, { write: (line: string) => void this.log.push(line) }),
      answerTimeout: patient,
      ...over,
    };
  }

  /** An API on a configuration of its own. */
  async build(yaml = '{}', over: Partial<ApiDeps> = {}): Promise<FastifyInstance> {
    const app = await buildApp(this.deps(yaml, over));
    this.apps.push(app);
    return app;
  }

  /** Calls the API that has no configuration. */
  async call<T = Problem>(options: InjectOptions | string): Promise<Answer<T>> {
    this.standard ??= await this.build();
    return call<T>(this.standard, options);
  }

  post<T = IncidentAnswer>(url: string, payload: object, headers: Record<string, string> = {}) {
    return this.call<T>({ method: 'POST', url, payload, headers });
  }

  get<T = IncidentAnswer>(url: string, headers: Record<string, string> = {}) {
    return this.call<T>({ url, headers });
  }

  /** A new incident. */
  async open(request: object = {}): Promise<IncidentAnswer> {
    const { status, body, text } = await this.post('/incidents', {
      title: 'Checkout is down',
      service: 'shop',
      ...request,
    });
    if (status !== 201) throw new Error(`not opened: ${text}`);
    return body;
  }

  say<T = IncidentAnswer & { requestId: string }>(
    id: string,
    name: SignalName,
    body: object = {},
    headers: Record<string, string> = {},
  ) {
    return this.post<T>(`/incidents/${id}/signals/${name}`, { ...bodies[name], ...body }, headers);
  }

  /** Reads the incident until it is as wanted. */
  async until(id: string, isSo: (view: IncidentAnswer) => boolean): Promise<IncidentAnswer> {
    for (let tries = 0; ; tries += 1) {
      const { body } = await this.get(`/incidents/${id}`);
      if (isSo(body)) return body;
      if (tries === 400) throw new Error(`never so: ${JSON.stringify(body)}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** The straight way to the end of the checklist. */
  async finish(id: string): Promise<void> {
    const steps: [SignalName[], IncidentAnswer['phase']][] = [
      [['incidentDeclared', 'priorityAssessed'], 'quickFix'],
      [['fixReady'], 'quickReview'],
      [['sanityChecked', 'securityChecked'], 'deploy'],
      [['deployAuthorized'], 'verify'],
      [['systemVerified', 'quickVerified'], 'postMortem'],
      [['incidentReviewed', 'preventionPlanned'], 'postMortem'],
    ];
    for (const [names, phase] of steps) {
      for (const name of names) await this.say(id, name);
      await this.until(id, (view) => view.phase === phase);
    }
    for (const item of ['testsAdded', 'monitoringImproved']) {
      await this.say(id, 'checklistItemDone', { item });
    }
    await this.until(id, ({ status }) => status === 'closed');
  }

  async stop(): Promise<void> {
    for (const app of this.apps) await app.close();
    await this.bed.close();
    await this.temporal.stop();
  }
}

/** Calls an API; fails where the answer is not as the API's own description says, or shows a stack. */
export async function call<T = Problem>(
  app: FastifyInstance,
  options: InjectOptions | string,
): Promise<Answer<T>> {
  const { method = 'GET', url: address } = typeof options === 'string' ? { url: options } : options;
  const url = typeof address === 'string' ? address : '';
  const answer = await app.inject(options);
  const { statusCode: status, headers, body: text } = answer;
  const [contentType = ''] = String(headers['content-type'] ?? '').split(';');
  const body = /json/.test(contentType) ? answer.json() : null;
  const exchange = { method, url, status, contentType, body: body ?? text };
  const fault = Contract.of(app).fault(exchange) ?? (stack.test(text) ? 'it has a stack' : null);
  if (fault) throw new Error(`${method} ${url} answered ${status}: ${fault}\n${text}`);
  return { status, headers, body: body as T, text };
}

const stack = /\bat [^\n"]*[\w.]+\.[cm]?[jt]s:\d+/;

/** Looks until there is something. */
export const until = <T>(look: () => T | Promise<T>) =>
  vi.waitUntil(look, { timeout: 45_000, interval: 25 });

/** Somebody's token: long, and nobody else's. */
export const tokenOf = (name: string): string => `token-of-${name}-`.padEnd(43, 'x');

export const asCaller = (name: string) => ({ authorization: `Bearer ${tokenOf(name)}` });

/** A configuration where everybody has a token: each role has its own person, and there is one tool. */
export const guarded = stringify({
  people: Object.fromEntries(
    Object.values(roles).map(({ defaultActor: id }) => [
      id,
      { name: id, token: hashOf(tokenOf(id)) },
    ]),
  ),
  roles: Object.fromEntries(
    Object.entries(roles).map(([role, { defaultActor }]) => [role, [defaultActor]]),
  ),
  tools: { alertmanager: { token: hashOf(tokenOf('alertmanager')) } },
});
