import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';

/** The parts of an OpenAPI description that answers are held against. */
interface Description {
  paths: Record<string, Record<string, { responses: Record<string, Described> }>>;
}
interface Described {
  content?: Record<string, unknown>;
}

export interface Exchange {
  method: string;
  url: string;
  status: number;
  contentType: string;
  body: unknown;
}

/** What an API promises in its OpenAPI description. */
export class Contract {
  private readonly description: Description;
  // Patterns say what times and links look like; `format` adds nothing to them.
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

  constructor(description: object) {
    this.description = description as Description;
    this.ajv.addSchema({ $id: 'api', ...description });
  }

  static of(app: FastifyInstance): Contract {
    const description = app.swagger();
    const key = JSON.stringify(description);
    const contract = contracts.get(key) ?? new Contract(description);
    contracts.set(key, contract);
    return contract;
  }

  /** What an answer has that the description does not allow; null where it keeps to it. */
  fault({ method, url, status, contentType, body }: Exchange): string | null {
    const path = this.pathOf(method, url);
    if (path === null) return status < 400 ? null : this.mismatch(problem, body);
    const responses = this.description.paths[path]?.[method.toLowerCase()]?.responses ?? {};
    const response = responses[String(status)];
    if (!response) return `${status} is not described`;
    if (!response.content) return body ? 'a body is not described' : null;
    if (!response.content[contentType]) return `${contentType} is not described`;
    const parts = ['paths', path, method.toLowerCase(), 'responses', String(status)];
    return this.mismatch([...parts, 'content', contentType, 'schema'], body);
  }

  /** The described path that a URL belongs to; null where it is not described. */
  private pathOf(method: string, url: string): string | null {
    const [pathname = ''] = url.split('?');
    const isMatch = (path: string) =>
      new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/%]+')}/?$`).test(pathname);
    const fits = ([path, operations]: [string, object]) =>
      Object.hasOwn(operations, method.toLowerCase()) && isMatch(path);
    return Object.entries(this.description.paths).find(fits)?.[0] ?? null;
  }

  private mismatch(pointer: string[], body: unknown): string | null {
    const spelled = pointer.map((part) =>
      encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
    );
    const validate = this.ajv.compile({ $ref: `api#/${spelled.join('/')}` });
    return validate(body) ? null : this.ajv.errorsText(validate.errors);
  }
}

const contracts = new Map<string, Contract>();
const problem = ['components', 'schemas', 'Problem'];
