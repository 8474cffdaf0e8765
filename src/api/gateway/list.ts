import type { WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import { type HotfixMemo, incidentIdOf, workflowType } from '../../process/contract.ts';
import { attributes } from '../../temporal/searchAttributes.ts';
import { ApiProblem } from '../problems.ts';
import { type GatewayDeps, inTime, linkOf } from './deps.ts';
import { type IncidentAnswer, lastKnown } from './read.ts';
import { quote } from './start.ts';
import { isOpen, troubleOf } from './trouble.ts';

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
 * Newest first. Visibility in SQL cannot sort, so a window of time is read wholly and sorted here;
 * it is widened backwards until the page is full or nothing older is left.
 */
export async function listIncidents(
  deps: GatewayDeps,
  request: ListRequest,
  now: number,
): Promise<ListAnswer> {
  const filter = filterOf(request);
  const cursor = request.cursor === undefined ? null : readCursor(request.cursor);
  // Another API's clock may be ahead of this one's.
  const end = cursor ? cursor.declaredAt + 1 : now + day;
  const isAfterCursor = (entry: Entry) => !cursor || isBefore(entry, cursor);
  for (let span = cursor ? day : 2 * day; ; span *= 8) {
    const from = Math.max(0, end - span);
    const entries = (await readWindow(deps, filter, from, end))
      .filter(isAfterCursor)
      .sort(newestFirst);
    const isComplete = from === 0 || !(await isAnyOlder(deps, filter, from));
    if (entries.length <= request.limit && !isComplete) continue;
    const page = entries.slice(0, request.limit);
    const last = page.at(-1);
    const hasMore = entries.length > request.limit;
    return {
      incidents: page.map(({ incident }) => incident),
      next: hasMore && last ? writeCursor(last) : null,
    };
  }
}

interface Place {
  declaredAt: number;
  id: string;
}

interface Entry extends Place {
  incident: IncidentAnswer;
}

const isBefore = (one: Place, other: Place): boolean =>
  one.declaredAt < other.declaredAt || (one.declaredAt === other.declaredAt && one.id < other.id);

const newestFirst = (one: Entry, other: Entry): number => (isBefore(one, other) ? 1 : -1);

/** Ended from outside, a workflow leaves its search attributes as they were: it is aborted all the same. */
const endedOutside = "ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut')";

function filterOf({ status, phase, service, waitingFor }: ListRequest): string {
  const is = ({ name }: { name: string }, value: string) => `${name} = ${quote(value)}`;
  return [
    `WorkflowType = '${workflowType}'`,
    `ExecutionStatus != 'ContinuedAsNew'`,
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

async function readWindow(
  deps: GatewayDeps,
  filter: string,
  from: number,
  to: number,
): Promise<Entry[]> {
  const query = `${filter} AND ${declaredAt} >= ${time(from)} AND ${declaredAt} < ${time(to)}`;
  return inTime(deps, async () => {
    const entries: Entry[] = [];
    for await (const execution of deps.client.workflow.list({ query, pageSize: 500 })) {
      const entry = entryOf(deps, execution);
      if (entry) entries.push(entry);
    }
    return entries;
  });
}

async function isAnyOlder(deps: GatewayDeps, filter: string, than: number): Promise<boolean> {
  const query = `${filter} AND ${declaredAt} < ${time(than)}`;
  const { count } = await inTime(deps, () => deps.client.workflow.count(query));
  return count > 0;
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
