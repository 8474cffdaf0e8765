import type { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { permanent, transient } from '../../failures.ts';
import { quote, retryAfter } from '../../http.ts';

/** One request to the API server. */
export interface Request {
  /** As in a Role; `list` is a GET of many. */
  verb: 'get' | 'list' | 'patch' | 'create';
  /** As in a Role, such as `deployments`. */
  resource: string;
  /** What it is about, as in a sentence: `Deployment shop in namespace prod`. */
  about: string;
  path: string;
  body?: unknown;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/** What the API server says of an error: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
const statusSchema = z.object({ kind: z.literal('Status'), message: z.string().default('') });

const longestMessage = 1_000;

/**
 * The typed failure of an answer that is not 2xx, with what to do about it. `credential` says which
 * setting the request was authenticated by.
 */
export function refusal(
  answer: Answer,
  request: Request,
  whom: string,
  credential: string,
): ApplicationFailure {
  const { status, headers } = answer;
  const { verb, about } = request;
  const said = messageIn(answer);
  switch (status) {
    case 401:
      return permanent(
        'Unauthorized',
        `${whom} does not accept who calls (401): check ${credential}, which may be wrong or have expired.`,
      );
    case 403:
      return isAccess(said)
        ? permanent('Forbidden', `${mayNot(request, credential)} ${grant}`)
        : refused(`${whom} does not allow to ${verb} ${about}`, said, answer);
    case 404:
      return permanent(
        'NotFound',
        said === undefined
          ? `${whom} has nothing at ${request.path}: check that it is the address of a Kubernetes API server.`
          : `There is no ${about}: check kind, namespace and name in the configuration.`,
      );
    case 408:
    case 429:
    case 503:
      return transient('Busy', `${whom} is busy (${status}).`, retryAfter(headers));
    default:
      return status >= 500
        ? transient(
            'Unreachable',
            `${whom} fails (${status}): ${quote(said ?? answer.text)}`,
            retryAfter(headers),
          )
        : refused(`${whom} refuses to ${verb} ${about}`, said, answer);
  }
}

const refused = (who: string, said: string | undefined, { status, text }: Answer) =>
  permanent('Refused', `${who} (${status}): ${said ?? quote(text)}`);

/** Where a right is missing its message names the verb; admission refuses with words of its own. */
const isAccess = (said: string | undefined) =>
  said === undefined || / cannot \w+ resource /.test(said);

const mayNot = ({ verb, resource, about }: Request, credential: string) =>
  `Who calls by ${credential} may not ${verb} ${resource} (${about}).`;

export const grant = 'Grant it by the Role in the documentation of this adapter.';

function messageIn({ text }: Answer): string | undefined {
  try {
    return statusSchema.parse(JSON.parse(text)).message.slice(0, longestMessage);
  } catch {
    return undefined;
  }
}
