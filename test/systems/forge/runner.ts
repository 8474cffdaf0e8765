import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';

interface Task {
  id: string;
  /** The workflow with this one job, in base64. */
  workflowPayload: string;
  context: { repository: string; event: unknown };
}

interface Step {
  name?: string;
  run: string;
}

interface StepState {
  id: number;
  result: string;
  startedAt?: string;
  stoppedAt?: string;
}

const unspecified = 'RESULT_UNSPECIFIED';
const success = 'RESULT_SUCCESS';
const failure = 'RESULT_FAILURE';

/**
 * A runner of Gitea Actions for the steps that are shell commands, on this machine: it speaks the
 * protocol of Gitea's own runner (actions-proto, by Connect with JSON). Each repository has a folder
 * of its own under `folder`, in which the steps run, several tasks side by side.
 */
export class Runner {
  readonly #url: string;
  readonly #folder: string;
  readonly #running = new Set<Promise<void>>();
  readonly #children = new Set<ChildProcess>();
  readonly #stopping = new AbortController();
  #identity: Record<string, string> = {};
  #fetching = Promise.resolve();

  private constructor(url: string, folder: string) {
    [this.#url, this.#folder] = [url, folder];
  }

  static async start(url: string, token: string, folder: string): Promise<Runner> {
    const one = new Runner(url, folder);
    const labels = ['host'];
    const { runner } = await one.#call<{ runner: { uuid: string; token: string } }>('Register', {
      ...{ name: 'of a test', token, version: '1', labels },
    });
    one.#identity = { 'x-runner-uuid': runner.uuid, 'x-runner-token': runner.token };
    await one.#call('Declare', { version: '1', labels });
    one.#fetching = one.#fetch();
    return one;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const child of this.#children) child.kill('SIGKILL');
    await this.#fetching;
    await Promise.all(this.#running);
  }

  async #call<T>(method: string, message: object): Promise<T> {
    const response = await fetch(`${this.#url}/api/actions/runner.v1.RunnerService/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.#identity },
      body: JSON.stringify(message),
    });
    if (!response.ok) throw new Error(`${method}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async #fetch(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const { task } = await this.#call<{ task?: Task }>('FetchTask', { tasksVersion: '0' });
      if (task) this.#track(this.#carryOut(task));
      else await delay(100);
    }
  }

  #track(task: Promise<void>): void {
    this.#running.add(task);
    void task.finally(() => this.#running.delete(task));
  }

  async #carryOut(task: Task): Promise<void> {
    const workflow = parse(Buffer.from(task.workflowPayload, 'base64').toString('utf8')) as {
      jobs: Record<string, { steps: Step[] }>;
    };
    const steps = Object.values(workflow.jobs)[0]?.steps ?? [];
    const startedAt = now();
    const states: StepState[] = [];
    let result: string = success;
    for (const [id, step] of steps.entries()) {
      states[id] = { id, result: unspecified, startedAt: now() };
      result = await this.#run(task, step, { startedAt, steps: states });
      states[id] = { ...states[id], id, result, stoppedAt: now() };
      if (result !== success) break;
    }
    if (this.#stopping.signal.aborted) return;
    await this.#update(task, { result, startedAt, stoppedAt: now(), steps: states });
  }

  /** Runs one step, and stops it when Gitea says that the task was cancelled. */
  async #run(task: Task, { run }: Step, state: object): Promise<string> {
    const cwd = join(this.#folder, task.context.repository);
    await mkdir(cwd, { recursive: true });
    const event = join(cwd, `event-${task.id}.json`);
    await writeFile(event, JSON.stringify(task.context.event));
    const log = openSync(join(cwd, 'steps.log'), 'a');
    const env = { PATH: process.env.PATH, GITHUB_EVENT_PATH: event };
    const child = spawn('sh', ['-e', '-c', run], { cwd, env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#children.add(child);
    let isOver = false;
    const exited = once(child, 'exit').then(([code]) => {
      isOver = true;
      this.#children.delete(child);
      return code === 0 ? success : failure;
    });
    while (!isOver) {
      const { state: told } = await this.#update(task, state);
      if (told?.result === 'RESULT_CANCELLED') child.kill('SIGTERM');
      await Promise.race([exited, delay(100)]);
    }
    return await exited;
  }

  #update(task: Task, state: object): Promise<{ state?: { result?: string } }> {
    return this.#call('UpdateTask', { state: { id: task.id, ...state } });
  }
}

const now = () => new Date().toISOString();
