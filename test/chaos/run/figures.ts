/** What must be none at the end of a run, as the line of figures names it. */
export const figures = [
  'lost',
  'applied twice',
  'deploys twice',
  'deploys at once',
  'escalations missed',
  'told after the end',
  'stuck',
  'not replaying',
  '5xx',
  'other than answered',
] as const;
export type Figure = (typeof figures)[number];

export interface Finding {
  figure: Figure;
  /** The incident or the workflow. */
  of: string;
  what: string;
}

/** Everything that should not be, with what is known of it. */
export class Findings {
  readonly all: Finding[] = [];

  add(figure: Figure, of: string, what: string): void {
    this.all.push({ figure, of, what });
  }

  count(figure: Figure): number {
    return this.all.filter((one) => one.figure === figure).length;
  }

  /** What a figure was found of. */
  of(figure: Figure): Set<string> {
    return new Set(this.all.filter((one) => one.figure === figure).map(({ of }) => of));
  }

  get line(): string {
    return figures.map((figure) => `${this.count(figure)} ${figure}`).join(', ');
  }
}
