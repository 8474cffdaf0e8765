import { messageOf } from '../activities/failures.ts';
import { toldOf } from '../activities/oncall/look-up.ts';
import type { PlannedRota } from '../activities/oncall/types.ts';
import type { DryRun } from '../process/dryRun.ts';

/** Whom a rota stands for at some moment, as people read it. */
export interface OnCallNames {
  nameAt: (rota: string, at: string) => string | undefined;
  /** Why a rota could not be asked, each as a sentence. */
  problems: string[];
}

/**
 * Asks the rotas among the recipients of dry runs who is on call at the very moment of each telling, each
 * rota for all its moments at once. One that does not answer is told with a question mark, and why.
 */
export async function askOnCall(
  runs: readonly DryRun[],
  rotas: readonly PlannedRota[],
): Promise<OnCallNames> {
  const tellings = runs.flatMap((run) => run.tellings);
  const answers = await Promise.all(
    rotas.map((rota) => {
      const told = tellings.filter(({ recipients }) => recipients.includes(rota.name));
      return askRota(rota, [...new Set(told.map(({ at }) => at))]);
    }),
  );
  const names = new Map(answers.flatMap((answer) => answer.names));
  return {
    nameAt: (rota, at) => names.get(keyOf(rota, at)),
    problems: [...new Set(answers.flatMap(({ problems }) => problems))],
  };
}

const keyOf = (rota: string, at: string) => `${at} ${rota}`;

interface RotaAnswers {
  names: [key: string, words: string][];
  problems: string[];
}

async function askRota(rota: PlannedRota, moments: readonly string[]): Promise<RotaAnswers> {
  const { name } = rota;
  if (moments.length === 0) return { names: [], problems: [] };
  const look = rota.lookAhead(AbortSignal.timeout(patience));
  const answers = await Promise.all(
    moments.map(async (at): Promise<RotaAnswers> => {
      try {
        const { people, strangers, problems = [] } = await (await look)(new Date(at));
        const who = [...people, ...strangers].join(', ') || 'nobody';
        return {
          names: [[keyOf(name, at), `${name} (${who})`]],
          problems: problems.length > 0 ? [`${name}: ${toldOf(problems)}`] : [],
        };
      } catch (error) {
        const problem = `${name} cannot say who is on call: ${messageOf(error)}`;
        return { names: [[keyOf(name, at), `${name} (?)`]], problems: [problem] };
      }
    }),
  );
  return {
    names: answers.flatMap(({ names }) => names),
    problems: answers.flatMap(({ problems }) => problems),
  };
}

/** In milliseconds. */
const patience = 20_000;
