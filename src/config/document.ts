import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { type Path, type Problem, spellPath } from './problems.ts';

/** A YAML text as plain data, with the places where each part of it is written. */
export interface ConfigDocument {
  /** Undefined where the text cannot be read as YAML. */
  data?: unknown;
  problems: Problem[];
  /** Where a part stands; of a part that is not there, where it would belong. */
  placeOf: (path: Path, at?: 'key' | 'value') => { line: number; column: number };
}

/**
 * How much aliases may unfold to, as `yaml` counts it: enough for two of them in each of thousands
 * of services, and far from the exponential growth of aliases within aliases.
 */
const maxAliasCount = 10_000;

/** Reads YAML 1.2 of one document; empty text is an empty map. Never throws. */
export function readDocument(text: string): ConfigDocument {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    // Excerpts of the text, which may hold secrets, stay out of the messages.
    prettyErrors: false,
    stringKeys: true,
  });
  const at = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = [
    ...[...document.errors, ...document.warnings].map((error) => ({
      place: at(error.pos[0]),
      path: spellPath(pathAt(document, error.pos[0])),
      sentence: sentenceOf(error),
    })),
    ...forbiddenKeys(document, at),
  ];
  const placeOf: ConfigDocument['placeOf'] = (path, which = 'value') =>
    at(offsetOf(document, path, which));
  const isReadable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  if (!isReadable) return { problems, placeOf };
  try {
    return { data: document.toJS({ maxAliasCount }) ?? {}, problems, placeOf };
  } catch {
    problems.push({
      place: at(firstAlias(document)),
      path: '',
      sentence: 'aliases (*name) unfold to too much from here on: write those parts out.',
    });
    return { problems, placeOf };
  }
}

const sentences: Partial<Record<YAMLError['code'], string>> = {
  BAD_ALIAS: 'is an alias (*name) without an anchor (&name) before it: correct the name.',
  BAD_DQ_ESCAPE:
    'has a backslash that means nothing within double quotes: write \\\\, or use single quotes.',
  BAD_INDENT: 'is not indented as the lines that it belongs to: align it with them.',
  BAD_SCALAR_START: 'begins with a character that has a meaning in YAML: put the value in quotes.',
  BLOCK_AS_IMPLICIT_KEY:
    'has a second "key: value" on one line: begin a new line, or put the value in quotes.',
  DUPLICATE_KEY: 'is there twice: keep one of them.',
  KEY_OVER_1024_CHARS: 'has a key of more than 1024 characters: a colon may be missing.',
  MISSING_CHAR: 'lacks a character: look for a missing quote, bracket, comma or colon.',
  MULTILINE_IMPLICIT_KEY: 'has a key over several lines: a colon may be missing.',
  MULTIPLE_DOCS: 'begins a second document: keep one, without "---" between.',
  NON_STRING_KEY: 'has a key that is not text: write a plain key.',
  RESOURCE_EXHAUSTION: 'is nested too deeply: write it flatter.',
  TAB_AS_INDENT: 'is indented by a tab: use spaces.',
  TAG_RESOLVE_FAILED: 'has a tag (!name) that means nothing here: remove it.',
};

const sentenceOf = ({ code }: YAMLError): string =>
  sentences[code] ?? 'is not YAML: look for a missing quote, colon or indentation here.';

/** The path of the innermost part that reaches over an offset. */
function pathAt(document: Document, offset: number): Path {
  const path: (string | number)[] = [];
  let node: unknown = document.contents;
  for (;;) {
    const step = stepInto(node, offset);
    if (!step) return path;
    path.push(step.key);
    node = step.value;
  }
}

function stepInto(node: unknown, offset: number) {
  if (isMap(node)) {
    const pair = node.items.find(
      (item) => reaches(item.key, offset) || reaches(item.value, offset),
    );
    return pair && { key: keyOf(pair), value: reaches(pair.key, offset) ? undefined : pair.value };
  }
  if (!isSeq(node)) return undefined;
  const index = node.items.findIndex((item) => reaches(item, offset));
  return index < 0 ? undefined : { key: index, value: node.items[index] };
}

const reaches = (node: unknown, offset: number): boolean =>
  isNode(node) && !!node.range && node.range[0] <= offset && offset < node.range[1];

const keyOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key);

/** `__proto__` would be skipped without a word by what reads the data afterwards. */
function forbiddenKeys(document: Document, at: (offset: number) => Problem['place']): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Pair(_, pair) {
      if (keyOf(pair) !== '__proto__') return;
      const offset = startOf(pair.key);
      const path = spellPath(pathAt(document, offset));
      problems.push({
        place: at(offset) ?? { line: 1, column: 1 },
        path,
        sentence: 'cannot be a key here: choose another name.',
      });
    },
  });
  return problems;
}

function firstAlias(document: Document): number {
  let offset = 0;
  visit(document, {
    Alias(_, alias) {
      offset = startOf(alias);
      return visit.BREAK;
    },
  });
  return offset;
}

const startOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0);

function offsetOf(document: Document, path: Path, which: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const [depth, step] of path.entries()) {
    const collection: unknown = isAlias(node) ? node.resolve(document) : node;
    const child = childOf(collection, step);
    if (!child) return offset;
    const isLast = depth === path.length - 1;
    offset = isLast && which === 'key' ? child.key : child.offset;
    node = child.node;
  }
  return offset;
}

function childOf(collection: unknown, step: string | number) {
  if (isMap(collection)) {
    const pair = collection.items.find((item) => isPair(item) && keyOf(item) === String(step));
    if (!pair) return undefined;
    const key = startOf(pair.key);
    return {
      node: pair.value,
      key,
      offset: standsForItself(pair.value) ? startOf(pair.value) : key,
    };
  }
  if (!isSeq(collection)) return undefined;
  const node: unknown = collection.items[Number(step)];
  return isNode(node) ? { node, key: startOf(node), offset: startOf(node) } : undefined;
}

/** A written scalar is pointed at itself; a collection, or nothing at all, at its key. */
const standsForItself = (node: unknown): node is Node =>
  isAlias(node) || (isScalar(node) && !!node.range && node.range[0] < node.range[1]);
