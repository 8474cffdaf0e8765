/** Where an incident stands in the list: by when it was declared, then by its id. */
export interface Place {
  /** In milliseconds. */
  declaredAt: number;
  id: string;
}

/** A part of the list: from a place on, up to a newer one that is not in it. */
export interface Window {
  from: Place;
  to: Place;
}

/** Where the list ends: nothing is older. */
export const beginning: Place = { declaredAt: 0, id: '' };

/** How many entries a window may hold. */
export interface Room {
  least: number;
  most: number;
}

/** Tells how many entries there are from a place on, up to where the window ends. */
type Count = (from: Place) => Promise<number>;

/** The first span that is looked at, in milliseconds, and how much longer each next one is. */
const firstSpan = 1_000;
const growth = 32;

/**
 * Finds where a window begins that ends at `to` and holds as many entries as there is room for; all
 * that are left, where they have room. It only counts, and widens what it counts from the newest on,
 * so that what is older costs nothing.
 * @param now where the newest entries are to be expected; some may be newer.
 */
export async function beginOfWindow(
  count: Count,
  to: Place,
  room: Room,
  now: number,
): Promise<Place> {
  const newest = Math.min(now, to.declaredAt);
  let few = to.declaredAt + 1;
  for (let span = firstSpan; ; span *= growth) {
    const from = span < newest ? atTime(newest - span) : beginning;
    const found = await count(from);
    if (isEnough(found, room)) return from;
    if (found > room.most) return narrowed(count, room, from.declaredAt, few);
    if (from === beginning) return from;
    few = from.declaredAt;
  }
}

async function narrowed(count: Count, room: Room, many: number, few: number): Promise<Place> {
  const instant = await bisect(count, room, many, few, atTime);
  if (instant.isEnough) return atTime(instant.at);
  // More than there is room for within one millisecond: there the ids make the order.
  const atId = (start: number): Place => ({ declaredAt: instant.at, id: spell(start) });
  return atId((await bisect(count, room, 0, radix ** digits, atId)).at);
}

const isEnough = (found: number, { least, most }: Room): boolean => found >= least && found <= most;

const atTime = (declaredAt: number): Place => ({ declaredAt, id: '' });

/** Ids are spread evenly over digits and small letters: a few of them tell enough apart. */
const radix = 36;
const digits = 4;
const spell = (start: number): string =>
  start === 0 ? '' : start.toString(radix).padStart(digits, '0');

/** Looks between a begin with too many entries and one with too few, down to neighbours: then the former. */
async function bisect(
  count: Count,
  room: Room,
  many: number,
  few: number,
  placeOf: (at: number) => Place,
): Promise<{ at: number; isEnough: boolean }> {
  let [least, most] = [many, few];
  while (most - least > 1) {
    const at = Math.floor((least + most) / 2);
    const found = await count(placeOf(at));
    if (isEnough(found, room)) return { at, isEnough: true };
    if (found > room.most) least = at;
    else most = at;
  }
  return { at: least, isEnough: false };
}
