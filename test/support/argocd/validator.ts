import { Ajv, type ValidateFunction } from 'ajv';
import type { Json } from './description.ts';

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'body' | 'header';
  required?: boolean;
  schema?: Json;
}

interface Described {
  parameters?: Parameter[];
  responses: Record<string, { schema?: Json }>;
}

export interface Exchange {
  method: string;
  /** With the query. */
  path: string;
  body: string;
  status: number;
  answer: unknown;
}

type Validator = (exchange: Exchange) => string[];

/** Tells what of a request and its answer is not as a Swagger 2.0 description says; empty where all is. */
export function createValidator(description: Json): Validator {
  const ajv = new Ajv({ strict: false, allErrors: true });
  for (const [name, validate] of Object.entries(formats)) ajv.addFormat(name, validate);
  ajv.addSchema({ $id: 'argocd', definitions: definitionsOf(description) });
  const paths = Object.entries(description.paths as Record<string, Record<string, Described>>).map(
    ([template, methods]) => ({ pattern: patternOf(template), methods }),
  );
  const compiled = new Map<Json, ValidateFunction>();

  function problemsOf(what: string, schema: Json | undefined, value: unknown): string[] {
    if (!schema) return value === undefined ? [] : [`${what}: there is to be none`];
    const validate = compiled.get(schema) ?? ajv.compile(absolute(schema));
    compiled.set(schema, validate);
    if (validate(value)) return [];
    const { errors } = validate;
    return (errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${what}${instancePath}: ${message} ${JSON.stringify(params)}`,
    );
  }

  return ({ method, path, body, status, answer }) => {
    const { pathname, searchParams } = new URL(path, 'http://argocd');
    const known = paths.find(({ pattern }) => pattern.test(pathname));
    const described = known?.methods[method.toLowerCase()];
    if (!described) return [`${method} ${pathname} is not described`];
    const { parameters = [], responses } = described;
    const named = (place: string) => parameters.filter((one) => one.in === place);
    const unknown = [...searchParams.keys()].filter(
      (name) => !named('query').some((one) => one.name === name),
    );
    const content = body === '' ? undefined : (JSON.parse(body) as unknown);
    const response = responses[status] ?? responses.default;
    const problems = [
      ...unknown.map((name) => `the query has ${name}, which is not described`),
      ...problemsOf('request', named('body')[0]?.schema, content),
      ...problemsOf(`answer ${status}`, response?.schema, answer),
    ];
    return problems.map((problem) => `${method} ${pathname}: ${problem}`);
  };
}

/**
 * The definitions as JSON Schema. Of what the generator leaves out: an object has no other fields than
 * the described; and 64-bit numbers in lists are numbers as everywhere else, since the server reads
 * JSON by Go's own encoding and not by that of Protocol Buffers, which its description was made for.
 */
function definitionsOf(description: Json): Json {
  const definitions = structuredClone(description.definitions) as Record<string, Json>;
  return JSON.parse(JSON.stringify(definitions), (_, value: Json | undefined) => {
    if (value?.type === 'object' && value.properties && !value.additionalProperties) {
      return { ...value, additionalProperties: false };
    }
    const items = value?.items as Json | undefined;
    if (items?.format === 'int64') return { ...value, items: { ...items, type: 'integer' } };
    return value;
  }) as Json;
}

const absolute = (schema: Json): Json =>
  JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === '$ref' ? `argocd${String(value)}` : value,
  ) as Json;

/** `{subresource}` is the rest of the path, slashes and all; so are no other parts. */
function patternOf(template: string): RegExp {
  const parts = template
    .replaceAll('.', '\\.')
    .replace(/\{(\w+)\}/g, (_, name: string) => (name === 'subresource' ? '.+' : '[^/]+'));
  return new RegExp(`^${parts}$`);
}

const isInteger = (value: number) => Number.isInteger(value);

const formats = {
  int32: { type: 'number' as const, validate: isInteger },
  int64: { type: 'number' as const, validate: isInteger },
  uint64: { type: 'number' as const, validate: isInteger },
  byte: /^[A-Za-z0-9+/]*={0,2}$/,
  // As Kubernetes writes times: RFC 3339, in whole seconds.
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
};
