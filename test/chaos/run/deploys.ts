import { Dice } from './dice.ts';
import { attemptOf, type Plan } from './plan.ts';
import { type Received, type Reply, type Server, startServer } from './server.ts';

/** What the adapter `http` posts. */
interface Step {
  action: 'deploy' | 'rollback';
  incidentId: string;
  service: string;
  environment: 'staging' | 'production';
  attempt: number;
  idempotencyKey: string;
}

export interface DeployRun extends Step {
  begunAt: number;
  endsAt: number;
  outcome: 'succeeded' | 'failed';
  /** The runs of the same service and environment that went on when it began. */
  beside: DeployRun[];
}

/** How a request is answered. `busy` and `broken` begin nothing; `lost` and `brokenAfter` do. */
const moods = ['well', 'well', 'well', 'lost', 'busy', 'broken', 'brokenAfter'] as const;
type Mood = (typeof moods)[number];

/** How many answers of one run may fail, so that the retries of the adapter are enough. */
const mostFaults = 3;

/** A deploy system that begins each key once, as its contract has it, and is bad at saying so. */
export class DeploySystem {
  readonly runs = new Map<string, DeployRun>();
  private readonly faults = new Map<string, number>();
  private readonly dice: Dice;
  private readonly planOf: (incidentId: string) => Plan | undefined;
  private server: Server | undefined;

  constructor(seed: number, planOf: (incidentId: string) => Plan | undefined) {
    this.dice = new Dice(seed, 'deploys');
    this.planOf = planOf;
  }

  get url(): string {
    return this.server?.url ?? '';
  }

  async start(): Promise<void> {
    this.server = await startServer((received) => this.answer(received));
  }

  close(): void {
    this.server?.close();
  }

  private answer({ method, path, body }: Received): Reply {
    // The probes of the monitoring are not signed.
    if (path === '/healthz') return { status: 200 };
    if (body === null) return { status: 401 };
    const step = method === 'POST' ? (JSON.parse(body) as Step) : undefined;
    const key = step?.idempotencyKey ?? decodeURIComponent(path.replace('/runs/', ''));
    const mood = this.moodFor(key);
    if (mood === 'busy') return { status: 429, headers: { 'retry-after': '1' } };
    if (mood === 'broken') return { status: 500 };
    const run = this.runs.get(key) ?? (step && this.begin(step));
    if (!run) return { status: 404 };
    if (mood === 'lost') return 'lost';
    if (mood === 'brokenAfter') return { status: 500 };
    const status = Date.now() >= run.endsAt ? run.outcome : 'running';
    return { status: 200, body: { status, statusUrl: `/runs/${encodeURIComponent(key)}` } };
  }

  private moodFor(key: string): Mood {
    const faults = this.faults.get(key) ?? 0;
    const mood = faults < mostFaults ? this.dice.pick(moods) : 'well';
    if (mood !== 'well') this.faults.set(key, faults + 1);
    return mood;
  }

  private begin(step: Step): DeployRun {
    const begunAt = Date.now();
    // Whoever aborts an incident leaves its deploy to the deploy system, which nobody tells to stop.
    const isLeft = ({ incidentId }: Step) => Boolean(this.planOf(incidentId)?.abort);
    const isBeside = (other: DeployRun) =>
      other.service === step.service &&
      other.environment === step.environment &&
      other.endsAt > begunAt &&
      !isLeft(other);
    const run: DeployRun = {
      ...step,
      begunAt,
      endsAt: begunAt + this.dice.between(100, 700),
      outcome: this.outcomeOf(step),
      beside: [...this.runs.values()].filter(isBeside),
    };
    this.runs.set(step.idempotencyKey, run);
    return run;
  }

  private outcomeOf({ incidentId, action, environment, attempt }: Step): DeployRun['outcome'] {
    const plan = this.planOf(incidentId);
    if (!plan) return 'failed';
    const { rollback, staging, production } = attemptOf(plan, attempt);
    if (action === 'rollback') return rollback;
    return environment === 'staging' && staging !== 'skipped' ? staging : production;
  }
}
