import type { Exchange, OpenApi } from '../openapi.ts';

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Route {
  method: string;
  /** With a group for each part that the handler gets. */
  path: RegExp;
  /** The permission that it needs, as GitHub names it; none for what any reader may do. */
  needs?: string;
  handle: (request: Exchange, ...parts: string[]) => Answer;
}

/** What GitHub knows; a test may look at it and change it. */
export interface World {
  api: OpenApi;
  /** Where the stand-in is. */
  url: string;
  /** The commits by the refs that lead to them. */
  commits: Map<string, string>;
  /** Whether what begins from now on hangs. */
  hangs: boolean;
}

export const repository = 'acme/shop';
export const writer = 'github_pat_of_a_writer';
export const reader = 'github_pat_of_a_reader';

export const sha = (seed: string): string =>
  Buffer.from(seed.padEnd(20, '.')).toString('hex').slice(0, 40);

export const refuse = (status: number, message: string): Answer => ({
  status,
  body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
});
