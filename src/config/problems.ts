export type Path = readonly (string | number)[];

/** Something wrong with what the file says, before its place is looked up. */
export interface Finding {
  path: Path;
  /** What to do about it, to be read after the path. */
  sentence: string;
  /** Which of the two is wrong; without it, the value. */
  at?: 'key' | 'value';
}

/** Something wrong at a place of the file; line and column from 1. */
export interface Problem {
  /** Of the file as a whole there is no place. */
  place?: { line: number; column: number };
  /** As in `services.shop.deploy`; empty for the whole file. */
  path: string;
  sentence: string;
}

/** All that is wrong with a configuration, each as `hotfix.yaml:LINE:COL: path: sentence`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map((problem) => lineOf(file, problem)).join('\n'));
    this.problems = problems;
  }
}

function lineOf(file: string, { place, path, sentence }: Problem): string {
  const where = place ? `${file}:${place.line}:${place.column}` : file;
  return [where, path, sentence].filter((part) => part !== '').join(': ');
}

/** Takes out what looks like a secret that was written where it does not belong. */
export const withoutSecrets = (text: string): string =>
  text.replace(/\b(hfx|whsec)_[\w+/=-]+/g, '$1_…');

export const spellPath = (path: Path): string => withoutSecrets(path.join('.'));
