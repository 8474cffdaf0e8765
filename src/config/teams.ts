/** Of each team, the people and teams in it. */
export type Teams = Readonly<Record<string, readonly string[]>>;

const membersOf = (teams: Teams, name: string): readonly string[] | undefined =>
  Object.hasOwn(teams, name) ? teams[name] : undefined;

/**
 * The names with each team replaced by those in it, however deep, each once and in order. A team that
 * holds itself adds nothing more.
 */
export function expand(names: readonly string[], teams: Teams): string[] {
  const found = new Set<string>();
  const opened = new Set<string>();
  const open = names.toReversed();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const members = membersOf(teams, name);
    if (!members) found.add(name);
    else if (!opened.has(name)) open.push(...members.toReversed());
    opened.add(name);
  }
  return [...found];
}

/** Each way on which a team comes back to itself, once: `[a, b, a]` where `a` holds `b` and `b` holds `a`. */
export function cyclesOf(teams: Teams): string[][] {
  const told = new Set<string>();
  return Object.keys(teams).flatMap((team) => {
    const way = wayBack(team, teams);
    const key = way?.toSorted().join();
    if (!way || !key || told.has(key)) return [];
    told.add(key);
    return [[...way, team]];
  });
}

/** The shortest way from a team to itself, without its end. */
function wayBack(team: string, teams: Teams): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const open = [team];
  for (const name of open) {
    for (const next of membersOf(teams, name) ?? []) {
      if (next === team) return wayTo(name, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      open.push(next);
    }
  }
  return undefined;
}

function wayTo(end: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way: string[] = [];
  for (let name: string | undefined = end; name !== undefined; name = cameFrom.get(name)) {
    way.unshift(name);
  }
  return way;
}
