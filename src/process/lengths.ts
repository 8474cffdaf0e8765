/** The checks of zod that count a length. */
const counting = new Set(['min_length', 'max_length', 'length_equals']);

/**
 * Sees to it that a schema, and all that it is made of, counts the lengths of texts and lists alone. zod
 * counts whatever has a `length`, also where a text was asked for and an object came, and throws at a
 * length that cannot be compared: a caller would be told of a mistake of ours instead of their own.
 */
export function countingLengths<S extends object>(schema: S): S {
  mend(schema, new Set());
  return schema;
}

function mend(part: unknown, seen: Set<unknown>): void {
  if (typeof part !== 'object' || part === null || seen.has(part)) return;
  seen.add(part);
  if (Array.isArray(part) || isPlain(part)) {
    for (const one of Object.values(part)) mend(one, seen);
  } else if (isOfZod(part)) {
    const { def } = part._zod;
    if (counting.has(def.check ?? '')) def.when = hasCountableLength;
    mend({ ...def }, seen);
  }
}

const hasCountableLength = ({ value }: { value: unknown }): boolean =>
  typeof value === 'string' || Array.isArray(value);

interface OfZod {
  _zod: { def: { check?: string; when?: (payload: { value: unknown }) => boolean } };
}

const isOfZod = (part: object): part is OfZod => '_zod' in part;
const isPlain = (part: object): boolean => Object.getPrototypeOf(part) === Object.prototype;
