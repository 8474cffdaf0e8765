import type { Environment, PreflightCheck } from '../process/outcomes.ts';
import type { DeployAdapter } from './deploy/types.ts';
import { messageOf } from './failures.ts';
import type { ServiceAdapters } from './index.ts';
import type { Measure } from './monitoring/types.ts';
import { recognised } from './oncall/look-up.ts';
import type { Rota } from './oncall/types.ts';

/** For each check, in milliseconds: a system that hangs must not hide what the others say. */
const patience = 20_000;

const environments: Environment[] = ['staging', 'production'];

/**
 * Tries the access of a service's adapters and rotas without changing anything, side by side. What
 * cannot be tried is left out.
 */
export async function tryAccess(
  service: string,
  adaptersOf: (environment: Environment) => ServiceAdapters,
  rotas: readonly Rota[],
  signal: AbortSignal,
): Promise<PreflightCheck[]> {
  const checks = [
    ...environments.flatMap((environment) =>
      checksOf(service, environment, adaptersOf(environment)),
    ),
    ...rotas.map(rotaCheck),
  ];
  return Promise.all(
    checks.map(async ({ run, ...check }) => ({ ...check, ...(await tried(run, signal)) })),
  );
}

type Found = Pick<PreflightCheck, 'summary' | 'live'>;
type Check = Pick<PreflightCheck, 'environment' | 'what' | 'name'> & {
  run: (signal: AbortSignal) => Promise<Found>;
};

function checksOf(
  service: string,
  environment: Environment,
  { deploy, rollback, monitoring }: ServiceAdapters,
): Check[] {
  const access = (what: 'deploy' | 'rollback', adapter: DeployAdapter): Check[] =>
    adapter.check
      ? [
          {
            environment,
            what,
            name: adapter.name,
            run: accessBy(adapter, { service, environment }),
          },
        ]
      : [];
  return [
    ...access('deploy', deploy),
    // An adapter that takes back what it has deployed needs no second look.
    ...(rollback === deploy ? [] : access('rollback', rollback)),
    ...monitoring.measures.map((measure) => measureCheck(measure, environment)),
  ];
}

const accessBy =
  (adapter: DeployAdapter, target: { service: string; environment: Environment }) =>
  async (signal: AbortSignal): Promise<Found> => {
    const found = await adapter.check?.(target, signal);
    return {
      summary: found?.summary ?? '',
      ...(found?.live && { live: found.live.version }),
    };
  };

async function tried(run: Check['run'], signal: AbortSignal): Promise<Found & { ok: boolean }> {
  const deadline = AbortSignal.timeout(patience);
  try {
    return { ok: true, ...(await run(AbortSignal.any([signal, deadline]))) };
  } catch (error) {
    signal.throwIfAborted();
    const summary = deadline.aborted
      ? `No answer within ${patience / 1000} s: check that the system runs and can be reached from the worker.`
      : messageOf(error);
    return { ok: false, summary };
  }
}

/** What a measure finds is not judged: the service may be broken now. */
const measureCheck = (measure: Measure, environment: Environment): Check => ({
  environment,
  what: 'measure',
  name: measure.name,
  run: async (signal) => ({ summary: await measure.attempt(signal) }),
});

/** Who is on call is the same for every environment. That it is nobody is no failure of the rota. */
const rotaCheck = (rota: Rota): Check => ({
  environment: 'production',
  what: 'rota',
  name: rota.name,
  run: async (signal) => {
    const { people } = recognised(rota.name, await rota.onCall(new Date(), signal));
    return { summary: `On call now: ${people.join(', ') || 'nobody'}.` };
  },
});
