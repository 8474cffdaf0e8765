import { type JSONPathNode, type JSONPathQuery, type JSONValue, jsonpath } from 'json-p3';
import { z } from 'zod';
import type { Sample } from '../../process/samples.ts';
import type { AdapterDeps } from '../deps.ts';
import { messageOf, permanent } from '../failures.ts';
import { assertOk, badAnswer, call, type HttpCall, parseAnswer, quote } from '../http.ts';
import { httpUrl, measureFields, presentValueFields, requestFields } from './config.ts';
import type { Measure } from './types.ts';
import { createValueMeasure } from './values.ts';

const jsonPath = z.string().superRefine((path, context) => {
  try {
    jsonpath.compile(path);
  } catch (error) {
    context.addIssue(`is not a JSONPath (RFC 9535), such as $.errors.rate: ${messageOf(error)}`);
  }
});

export const jsonConfigSchema = z
  .strictObject({
    adapter: z.literal('json'),
    ...measureFields,
    ...presentValueFields,
    url: httpUrl.describe('Asked by GET; answers with JSON'),
    path: jsonPath.describe('A JSONPath (RFC 9535); every number that it finds counts'),
    ...requestFields,
  })
  .describe('Asks for JSON over HTTP');
export type JsonConfig = z.infer<typeof jsonConfigSchema>;

const mostValues = 100;

export function createJsonMeasure(config: JsonConfig, deps: AdapterDeps): Measure {
  const { url, timeout, tokenEnv } = config;
  const path = jsonpath.compile(config.path);
  const headers = {
    ...config.headers,
    accept: 'application/json',
    ...(tokenEnv && { authorization: `Bearer ${deps.secret(tokenEnv)}` }),
  };
  const credential = tokenEnv ? `the token in ${tokenEnv}` : 'tokenEnv, which is not set';

  return createValueMeasure(config, {
    async read(signal) {
      const asked = { whom: 'The source', url, method: 'GET', headers, timeout, signal } as const;
      const answer = await call(asked);
      assertOk(answer, asked, credential);
      const found = nodesAt(path, parseAnswer(answer, asked, z.unknown()));
      return { samples: found.map((node) => sampleOf(node, asked, path.singularQuery())) };
    },
    ifEmpty: `${config.path} finds nothing in the answer: correct the path, or say in noData what that means.`,
  });
}

/** Node by node, so that a path that finds too much is given up early. */
function nodesAt(path: JSONPathQuery, answer: unknown): JSONPathNode[] {
  const nodes: JSONPathNode[] = [];
  try {
    for (const node of path.lazyQuery(answer as JSONValue)) {
      nodes.push(node);
      if (nodes.length > mostValues) break;
    }
  } catch (error) {
    throw permanent('BadAnswer', `The answer is nested too deeply: ${messageOf(error)}.`);
  }
  if (nodes.length <= mostValues) return nodes;
  throw permanent('BadAnswer', `The path finds more than ${mostValues} values: narrow it.`);
}

/** Null is missing data; text that is a number is one. The only one needs no name. */
function sampleOf({ path, value }: JSONPathNode, outgoing: HttpCall, isOnly: boolean): Sample {
  const series = isOnly ? '' : path;
  if (value === null) return { series, value: Number.NaN };
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && (!Number.isNaN(number) || value === 'NaN')) {
    return { series, value: number };
  }
  const said = quote(typeof value === 'string' ? value : JSON.stringify(value));
  throw badAnswer(outgoing, `at ${path} is no number but ${said}.`);
}
