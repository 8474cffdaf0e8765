import { messageOf } from '../activities/failures.ts';
import type { Rota } from '../activities/oncall/types.ts';
import type { DryRun } from '../process/dryRun.ts';

/** Whom a rota stands for at some moment, as people read it. */
export interface OnCallNames {
  nameAt: (rota: string, at: string) => string | undefined;
  /** Why a rota could not be asked, each as a sentence. */
  problems: string[];
}

/**
 * Asks the rotas among the recipients of dry runs who is on call at the very moment of each telling.
 * One that does not answer is told with a question mark, and why.
 */
export async function askOnCall(
  runs: readonly DryRun[],
  rotas: readonly Rota[],
): Promise<OnCallNames> {
  const names = new Map<string, string>();
  const problems = new Set<string>();
  const moments = new Map(
    runs
      .flatMap(({ tellings }) => tellings)
      .flatMap(({ at, recipients }) =>
        rotas
          .filter(({ name }) => recipients.includes(name))
          .map((rota) => [keyOf(rota.name, at), { rota, at }] as const),
      ),
  );
  await Promise.all(
    [...moments].map(async ([key, { rota, at }]) => {
      try {
        names.set(key, await wordsOf(rota, at));
      } catch (error) {
        names.set(key, `${rota.name} (?)`);
        problems.add(`${rota.name} cannot say who is on call: ${messageOf(error)}`);
      }
    }),
  );
  return { nameAt: (rota, at) => names.get(keyOf(rota, at)), problems: [...problems] };
}

const keyOf = (rota: string, at: string) => `${at} ${rota}`;

async function wordsOf(rota: Rota, at: string): Promise<string> {
  const { people, strangers } = await rota.onCall(new Date(at), AbortSignal.timeout(patience));
  return `${rota.name} (${[...people, ...strangers].join(', ') || 'nobody'})`;
}

/** In milliseconds. */
const patience = 20_000;
