import type { ServerResponse } from 'node:http';
import { answer, listen, type Received } from '../../activities/server.ts';

/**
 * Stands in for PagerDuty's REST API, `GET /oncalls`: takes only what is documented there, and answers
 * in its form, errors too.
 */
export interface PagerDutyAccount {
  token: string;
  /** Who is on call, by schedule; null stands for an entry of a user without a name. */
  schedules: Record<string, { id: string; summary: string | null }[]>;
  /** What is answered instead, request by request. */
  failures?: { status: number; headers?: Record<string, string> }[];
  /** How many entries a page has at most, where that is less than what is asked for. */
  pageSize?: number;
}

const messages: Record<number, { code: number; message: string }> = {
  400: { code: 2001, message: 'Invalid Input Provided' },
  401: { code: 2006, message: 'Authentication failed' },
  402: { code: 2014, message: 'Missing Account Ability' },
  403: { code: 2010, message: 'Access Denied' },
  404: { code: 2100, message: 'Not Found' },
  406: { code: 2015, message: 'Invalid operation' },
  429: { code: 2020, message: 'Rate Limit Exceeded' },
  500: { code: 2000, message: 'An internal error has occurred.' },
};

const documented = new Set([
  ...['time_zone', 'include[]', 'user_ids[]', 'escalation_policy_ids[]', 'schedule_ids[]'],
  ...['since', 'until', 'earliest', 'limit', 'offset', 'total'],
]);

export function listenAsPagerDuty(account: PagerDutyAccount) {
  return listen((request, response, count) => {
    const failure = account.failures?.[count - 1];
    const status = failure?.status ?? refusalOf(request, account);
    if (status === 200) serve(request, response, account);
    else refuse(response, status, request, failure?.headers);
  });
}

function refuse(
  response: ServerResponse,
  status: number,
  { path }: Received,
  headers: Record<string, string> = {},
): void {
  const error = { ...(messages[status] ?? messages[500]), errors: [`Cannot serve ${path}.`] };
  answer(response, status, { error }, { 'content-type': 'application/json', ...headers });
}

const queryOf = ({ path }: Received) => new URL(path, 'http://pagerduty').searchParams;

function refusalOf(request: Received, { token, schedules }: PagerDutyAccount): number {
  const { headers } = request;
  const { pathname } = new URL(request.path, 'http://pagerduty');
  if (headers.authorization !== `Token token=${token}`) return 401;
  if (request.method !== 'GET' || pathname !== '/oncalls') return 404;
  if (headers.accept !== 'application/vnd.pagerduty+json;version=2') return 406;
  const query = queryOf(request);
  const [limit, offset] = [query.get('limit') ?? '25', query.get('offset') ?? '0'].map(Number);
  const isWell =
    [...query.keys()].every((key) => documented.has(key)) &&
    ['true', 'false', null].includes(query.get('earliest')) &&
    isWithin(limit, 1, 100) &&
    isWithin(offset, 0, 10_000 - (limit ?? 0));
  if (!isWell) return 400;
  return query.getAll('schedule_ids[]').every((id) => Object.hasOwn(schedules, id)) ? 200 : 404;
}

const isWithin = (value: number | undefined, least: number, most: number): boolean =>
  Number.isInteger(value) && (value ?? 0) >= least && (value ?? 0) <= most;

function serve(request: Received, response: ServerResponse, account: PagerDutyAccount): void {
  const query = queryOf(request);
  const offset = Number(query.get('offset') ?? 0);
  const limit = Math.min(Number(query.get('limit') ?? 25), account.pageSize ?? 100);
  const all = query
    .getAll('schedule_ids[]')
    .flatMap((id) => (account.schedules[id] ?? []).map((user) => entryOf(id, user)));
  answer(
    response,
    200,
    {
      oncalls: all.slice(offset, offset + limit),
      ...{ limit, offset, more: offset + limit < all.length, total: null },
    },
    { 'content-type': 'application/json' },
  );
}

const entryOf = (schedule: string, { id, summary }: { id: string; summary: string | null }) => ({
  escalation_policy: reference('escalation_policy', 'PESCAL1', 'Default'),
  escalation_level: 1,
  schedule: reference('schedule', schedule, 'Primary'),
  user: reference('user', id, summary),
  start: '2026-01-05T00:00:00Z',
  end: '2026-01-12T00:00:00Z',
});

const reference = (type: string, id: string, summary: string | null) => ({
  ...{ id, type: `${type}_reference`, summary },
  self: `https://api.pagerduty.com/${type}s/${id}`,
  html_url: `https://acme.pagerduty.com/${type}s/${id}`,
});
