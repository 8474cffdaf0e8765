import { Ajv, type ValidateFunction } from 'ajv';

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: unknown;
}

interface Operation {
  parameters?: unknown[];
  requestBody?: unknown;
  responses: Record<string, unknown>;
}

interface Body {
  required?: boolean;
  content?: Record<string, { schema: unknown; examples?: Record<string, unknown> }>;
}

export interface Exchange {
  method: string;
  /** With the query. */
  path: string;
  /** Parsed; undefined where there is none. */
  body: unknown;
}

/**
 * Holds requests and answers against an OpenAPI 3.0 description, so that a stand-in can be no other
 * than the system it stands for. Everything that is wrong is returned, a sentence each. A request may
 * name nothing that the description does not. What errors look like that it does not list for an
 * operation (401, 429, 500) is given as `errorSchema`, by its place in the description.
 */
export class OpenApi {
  readonly #document: Record<string, unknown>;
  readonly #ajv: Ajv;
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #paths: { template: string; pattern: RegExp; names: string[] }[];
  readonly #errorSchema: string;

  constructor(document: Record<string, unknown>, errorSchema: string) {
    this.#document = document;
    this.#errorSchema = errorSchema;
    this.#ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false, logger: false });
    for (const [name, isIt] of Object.entries(formats)) this.#ajv.addFormat(name, isIt);
    this.#ajv.addSchema(nullableAsAjvKnowsIt(document) as object, 'api');
    this.#paths = Object.keys(document.paths as object).map((template) => ({
      template,
      pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, '([^/]+)')}$`),
      names: [...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name),
    }));
  }

  problemsOfRequest({ method, path, body }: Exchange): string[] {
    const { pathname, searchParams } = new URL(path, 'http://api');
    const found = this.#find(method, pathname);
    if (!found) return [`${method} ${pathname} is not described`];
    const { operation, pointer, values } = found;
    const parameters = (operation.parameters ?? []).map((one) => this.#resolve<Parameter>(one));
    const inQuery = parameters.filter((one) => one.in === 'query');
    const unknown = [...searchParams.keys()].filter(
      (key) => !inQuery.some(({ name }) => name === key),
    );
    const given = (one: Parameter) =>
      one.in === 'path' ? values[one.name] : (searchParams.get(one.name) ?? undefined);
    return [
      ...unknown.map((name) => `${method} ${pathname} has no query parameter ${name}`),
      ...(operation.parameters ?? []).flatMap((reference, index) => {
        const parameter = this.#resolve<Parameter>(reference);
        const value = given(parameter);
        if (value === undefined) return parameter.required ? [`${parameter.name} is missing`] : [];
        const place = this.#pointerOf(reference, `${pointer}/parameters/${index}`);
        return this.#problems(`${place}/schema`, fromText(value, parameter.schema), parameter.name);
      }),
      ...this.#problemsOfBody(operation, pointer, body),
    ];
  }

  #problemsOfBody(operation: Operation, pointer: string, body: unknown): string[] {
    const described = this.#resolve<Body>(operation.requestBody ?? {});
    const schema = this.#resolve<{ properties?: object }>(described.content?.[json]?.schema ?? {});
    if (body === undefined) return described.required ? ['the body is missing'] : [];
    if (!described.content) return ['there should be no body'];
    const known = Object.keys(schema.properties ?? {});
    const place = this.#pointerOf(operation.requestBody, `${pointer}/requestBody`);
    return [
      ...this.#problems(`${place}/content/${escapeStep(json)}/schema`, body, 'the body'),
      ...Object.keys(body as object)
        .filter((key) => schema.properties !== undefined && !known.includes(key))
        .map((key) => `"${key}" is not a permitted key of the body`),
    ];
  }

  problemsOfAnswer({ method, path }: Exchange, status: number, body: unknown): string[] {
    const found = this.#find(method, new URL(path, 'http://api').pathname);
    if (!found) return status === 404 ? [] : [`${method} ${path} is not described`];
    const response = found.operation.responses[status];
    const content = this.#resolve<Body | undefined>(response)?.content?.[json];
    // Of some errors a description has only the words, not what they look like.
    if (!content && status >= 400) {
      return this.#problems(this.#errorSchema, body, `the answer ${status}`);
    }
    if (response === undefined) return [`${method} ${path} does not answer ${status}`];
    if (!content) return body === undefined ? [] : [`${status} has no body`];
    const place = this.#pointerOf(response, `${found.pointer}/responses/${status}`);
    return this.#problems(
      `${place}/content/${escapeStep(json)}/schema`,
      body,
      `${method} ${path} answers ${status}:`,
    );
  }

  /** The description's own example of an answer, to be changed where it matters. */
  exampleOf(method: string, template: string, status: number): Record<string, unknown> {
    const paths = this.#document.paths as Record<string, Record<string, Operation>>;
    const response = this.#resolve<Body>(paths[template]?.[method]?.responses[status]);
    const [example] = Object.values(response.content?.[json]?.examples ?? {});
    return structuredClone(this.#resolve<{ value: Record<string, unknown> }>(example).value);
  }

  #find(method: string, pathname: string) {
    for (const { template, pattern, names } of this.#paths) {
      const match = pattern.exec(pathname);
      const paths = this.#document.paths as Record<string, Record<string, Operation>>;
      const operation = paths[template]?.[method.toLowerCase()];
      if (!match || !operation) continue;
      const values = Object.fromEntries(
        names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]),
      );
      const pointer = `#/paths/${escapeStep(template)}/${method.toLowerCase()}`;
      return { operation, pointer, values };
    }
    return undefined;
  }

  #resolve<T>(part: unknown): T {
    const reference = (part as { $ref?: string } | undefined)?.$ref;
    if (reference === undefined) return part as T;
    const steps = reference.slice(2).split('/').map(unescapeStep);
    return this.#resolve<T>(
      steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], this.#document),
    );
  }

  #pointerOf = (part: unknown, otherwise: string): string =>
    (part as { $ref?: string } | undefined)?.$ref ?? otherwise;

  #problems(pointer: string, value: unknown, what: string): string[] {
    const known = this.#validators.get(pointer);
    const validate = known ?? this.#ajv.compile({ $ref: `api${pointer}` });
    this.#validators.set(pointer, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${what} ${instancePath} ${message}`,
    );
  }
}

const json = 'application/json';

const escapeStep = (step: string) =>
  encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
const unescapeStep = (step: string) =>
  decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');

const formats: Record<string, (value: string) => boolean> = {
  'date-time': (value) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value)),
  uri: (value) => URL.canParse(value.replace(/\{.*\}/, '')),
  email: (value) => value.includes('@'),
};

function fromText(value: string, schema: unknown): unknown {
  const types = JSON.stringify(schema);
  if (types.includes('"integer"') && /^\d+$/.test(value)) return Number(value);
  if (types.includes('"boolean"') && /^(true|false)$/.test(value)) return value === 'true';
  return value;
}

/** OpenAPI 3.0 writes `nullable` where JSON Schema, and so ajv, wants the type null. */
function nullableAsAjvKnowsIt(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(nullableAsAjvKnowsIt);
  if (typeof part !== 'object' || part === null) return part;
  const { nullable, ...rest } = part as Record<string, unknown>;
  const converted = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, nullableAsAjvKnowsIt(value)]),
  );
  return nullable === true ? { anyOf: [converted, { type: 'null' }] } : converted;
}
