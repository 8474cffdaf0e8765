import type { WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import {
  type HotfixMemo,
  incidentIdOf,
  workflowIdOf,
  workflowType,
} from '../../process/contract.ts';
import { attributes } from '../../temporal/searchAttributes.ts';
import { ApiProblem } from '../problems.ts';
import { type GatewayDeps, inTime, linkOf } from './deps.ts';
import { type IncidentAnswer, lastKnown } from './read.ts';
import { isNotCarriedOn, listRuns, newestRuns } from './runs.ts';
import { quote } from './start.ts';
import { isOpen, troubleOf } from './trouble.ts';
import { beginning, beginOfWindow, type Place, type Room, type Window } from './window.ts';

export interface ListRequest {
  status?: string | undefined;
  phase?: string | undefined;
  service?: string | undefined;
  waitingFor?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface ListAnswer {
  incidents: IncidentAnswer[];
  /** Where the next page begins; null on the last. */
  next: string | null;
}

const day = 24 * 60 * 60 * 1000;

/**
 * Newest first. Visibility in SQL cannot sort: a window that holds about a page is found by counting,
 * read wholly and sorted here, so that a page costs what it holds, however many incidents there are.
 */
export async function listIncidents(
  deps: GatewayDeps,
  request: ListRequest,
  now: number,
): Promise<ListAnswer> {
  const filter = filterOf(request);
  const { limit, cursor } = request;
  // Another API's clock may be ahead of this one's.
  let to = cursor === undefined ? { declaredAt: now + day, id: '' } : readCursor(cursor);
  let from: Place;
  const entries: Entry[] = [];
  do {
    const end = to;
    const count = (start: Place) => countIn(deps, filter, { from: start, to: end });
    from = await beginOfWindow(count, end, roomFor(limit), now);
    entries.push(...(await readWindow(deps, filter, { from, to })));
    to = from;
    // Of the runs that were counted, some are not shown.
  } while (entries.length <= limit && from !== beginning);
  const page = entries.sort(newestFirst).slice(0, limit);
  const last = page.at(-1);
  return {
    incidents: page.map(({ incident }) => incident),
    next: entries.length > limit && last ? writeCursor(last) : null,
  };
}

/** One more than the page, to know whether there is another; and some, so that few counts find it. */
const roomFor = (limit: number): Room => ({ least: limit + 1, most: 2 * limit + 20 });

interface Entry extends Place {
  incident: IncidentAnswer;
}

const newestFirst = (one: Entry, other: Entry): number =>
  other.declaredAt - one.declaredAt || (one.id < other.id ? 1 : -1);

/** Ended from outside, a workflow leaves its search attributes as they were: it is aborted all the same. */
const endedOutside = "ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut')";

function filterOf({ status, phase, service, waitingFor }: ListRequest): string {
  const is = ({ name }: { name: string }, value: string) => `${name} = ${quote(value)}`;
  return [
    `WorkflowType = '${workflowType}'`,
    isNotCarriedOn,
    status === 'aborted' && `(${is(attributes.status, status)} OR ${endedOutside})`,
    status && status !== 'aborted' && `${is(attributes.status, status)} AND NOT ${endedOutside}`,
    phase && is(attributes.phase, phase),
    service && is(attributes.service, service),
    waitingFor && `${is(attributes.waitingFor, waitingFor)} AND NOT ${endedOutside}`,
  ]
    .filter(Boolean)
    .join(' AND ');
}

const time = (milliseconds: number) => `'${new Date(milliseconds).toISOString()}'`;
const declaredAt = attributes.declaredAt.name;

/**
 * Whole milliseconds, by `>=` and `<` alone: SQLite compares times as texts, and takes the same
 * millisecond for a later one where it ends in 0.
 */
const isFrom = (at: number): string => `${declaredAt} >= ${time(at)}`;
const isUpTo = (at: number): string => `${declaredAt} < ${time(at)}`;

/** A bound of the time alone comes first, since that is what visibility has an index for. */
const notBefore = ({ declaredAt: at, id }: Place): string =>
  id === ''
    ? isFrom(at)
    : `${isFrom(at)} AND (${isFrom(at + 1)} OR WorkflowId >= ${quote(workflowIdOf(id))})`;

const before = ({ declaredAt: at, id }: Place): string =>
  id === ''
    ? isUpTo(at)
    : `${isUpTo(at + 1)} AND (${isUpTo(at)} OR WorkflowId < ${quote(workflowIdOf(id))})`;

const within = (filter: string, { from, to }: Window): string =>
  [filter, notBefore(from), before(to)].join(' AND ');

async function countIn(deps: GatewayDeps, filter: string, window: Window): Promise<number> {
  const query = within(filter, window);
  const { count } = await inTime(deps, () => deps.client.workflow.count(query));
  return count;
}

async function readWindow(deps: GatewayDeps, filter: string, window: Window): Promise<Entry[]> {
  const newest = await newestRuns(deps, await listRuns(deps, within(filter, window)));
  return newest.flatMap((execution) => entryOf(deps, execution) ?? []);
}

/** A workflow that was started by hand may lack what lists are made of; it is left out. */
function entryOf(deps: GatewayDeps, execution: WorkflowExecutionInfo): Entry | null {
  const declared = execution.typedSearchAttributes.get(attributes.declaredAt);
  if (!declared || !(execution.memo as HotfixMemo | undefined)?.incident) return null;
  const id = incidentIdOf(execution.workflowId);
  return {
    id,
    declaredAt: declared.getTime(),
    incident: {
      ...lastKnown(execution),
      stale: isOpen(execution),
      problem: troubleOf(execution),
      temporal: linkOf(deps, id, execution.runId),
    },
  };
}

/** Times with a year of four digits, which is what queries can hold. */
const lastTime = Date.UTC(9999, 0);
const cursorSchema = z.tuple([z.int().min(0).max(lastTime), z.string()]);

const writeCursor = ({ declaredAt: at, id }: Place): string =>
  Buffer.from(JSON.stringify([at, id])).toString('base64url');

function readCursor(cursor: string): Place {
  try {
    const text = Buffer.from(cursor, 'base64url').toString();
    const [at, id] = cursorSchema.parse(JSON.parse(text));
    return { declaredAt: at, id };
  } catch {
    const detail = 'cursor: take it from `next` of the page before, as it is';
    throw new ApiProblem(422, 'validation_failed', detail, {
      errors: [{ path: 'cursor', message: 'is not a cursor of this API' }],
    });
  }
}
