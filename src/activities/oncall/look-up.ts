import pRetry from 'p-retry';
import type { Logger } from 'pino';
import type { OnCallFound, RotasToAsk } from '../../process/outcomes.ts';
import { isTransient, messageOf, permanent, transient } from '../failures.ts';
import type { Kept, OnCallStore } from './store.ts';
import type { OnCallAnswer, Rota } from './types.ts';

export interface OnCall {
  /** Who is on call now, rota by rota. Rejects only where the signal aborts. */
  find(asked: RotasToAsk, signal: AbortSignal): Promise<OnCallFound[]>;
}

export interface OnCallDeps {
  rotas: readonly Rota[];
  store: OnCallStore;
  /** Ids of everyone in the configuration: whoever has left is told no more. */
  people: readonly string[];
  now: () => Date;
  logger: Logger;
}

/** Many who ask in one moment, as when a limit passes for many incidents, are answered by one request. */
const sharedFor = 5_000;

/** For the whole answer of a rota, in milliseconds. */
const patience = 20_000;

/**
 * Asks rotas at the moment of need. One that cannot say is answered by its last good answer, which is
 * told with its age; that nobody is on call is an answer as good as any.
 */
export function createOnCall({ rotas, store, people, now, logger }: OnCallDeps): OnCall {
  const known = new Map(rotas.map((rota) => [rota.name, rota]));
  const shared = new Map<string, { at: number; found: Promise<OnCallFound> }>();

  function look(name: string): Promise<OnCallFound> {
    const last = shared.get(name);
    if (last && now().getTime() - last.at < sharedFor) return last.found;
    const found = lookAnew(name);
    shared.set(name, { at: now().getTime(), found });
    return found;
  }

  async function lookAnew(name: string): Promise<OnCallFound> {
    try {
      const found = foundBy(name, await ask(name), now());
      await keep(found);
      return found;
    } catch (error) {
      const kept = await store.read(name);
      return outOfReach(name, kept, messageOf(error), now());
    }
  }

  /** Throws as the rota does; nobody among those who are known is a failure, too. */
  async function ask(name: string): Promise<OnCallAnswer> {
    const rota = known.get(name);
    if (!rota) {
      throw permanent('NotFound', `The rota ${name} is no longer in hotfix.yaml: add it again.`);
    }
    return patiently(name, async (signal) => recognised(name, await rota.onCall(now(), signal)));
  }

  async function keep({ rota, people: found, asOf }: OnCallFound): Promise<void> {
    try {
      await store.write(rota, { people: found, asOf });
    } catch (error) {
      logger.warn({ err: error, rota }, 'Who is on call cannot be kept for when the rota is down');
    }
  }

  /** What the incident itself remembers may be newer than what this worker has kept. */
  const withMemory = (found: OnCallFound, memory: Kept | null): OnCallFound =>
    memory && found.source !== 'live' && (found.source === 'none' || memory.asOf > found.asOf)
      ? { ...found, ...memory, source: 'lastGood' }
      : found;

  const stillHere = (found: OnCallFound): OnCallFound => ({
    ...found,
    people: found.people.filter((id) => people.includes(id)),
  });

  return {
    async find(asked, signal) {
      const found = await orAborted(Promise.all(Object.keys(asked).map(look)), signal);
      return found.map((one) => stillHere(withMemory(one, asked[one.rota] ?? null)));
    },
  };
}

/** What fails for a moment is asked once more; who hangs or asks to wait is not, since people wait. */
async function patiently<T>(rota: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(patience);
  try {
    return await pRetry(() => work(signal), { retries: 1, minTimeout: 300, shouldRetry });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw transient('TimedOut', `The rota ${rota} gave no answer within ${patience / 1_000} s.`);
  }
}

const shouldRetry = ({ error }: { error: unknown }): boolean =>
  isTransient(error) && error.type !== 'TimedOut' && typeof error.nextRetryDelay !== 'number';

/** A rota that names only people whom nobody here knows cannot be told from a wrong one. */
export function recognised(rota: string, answer: OnCallAnswer): OnCallAnswer {
  if (answer.people.length > 0 || answer.strangers.length === 0) return answer;
  throw permanent(
    'NobodyKnown',
    `${rota} has only ${answer.strangers.join(', ')} on call now, not among the people of hotfix.yaml: ${howToBeKnown}.`,
  );
}

const howToBeKnown = 'add them to the people, with the contacts by which the rota calls them';

function foundBy(rota: string, answer: OnCallAnswer, at: Date): OnCallFound {
  const { people, strangers, problems = [] } = answer;
  const sentences = [
    ...(strangers.length > 0
      ? [
          `It has ${strangers.join(', ')} on call, too, not among the people of hotfix.yaml: ${howToBeKnown}.`,
        ]
      : []),
    ...(problems.length > 0 ? [toldOf(problems)] : []),
  ];
  return {
    ...{ rota, people, asOf: at.toISOString(), source: 'live' },
    ...(sentences.length > 0 && { problem: sentences.join(' ') }),
  };
}

const mostTold = 3;

/** The first of the problems that do not matter now, and how many more there are. */
export function toldOf(problems: readonly string[]): string {
  const more = problems.length - mostTold;
  const told = problems.slice(0, mostTold).join('; ');
  return `Elsewhere in it, ${told}${more > 0 ? `; and ${more} more` : ''}.`;
}

const outOfReach = (
  rota: string,
  kept: Kept | undefined,
  problem: string,
  at: Date,
): OnCallFound =>
  kept
    ? { rota, ...kept, source: 'lastGood', problem }
    : { rota, people: [], asOf: at.toISOString(), source: 'none', problem };

const orAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
