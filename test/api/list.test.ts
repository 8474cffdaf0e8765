import type { ListOptions } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ListAnswer } from '../../src/api/gateway/list.ts';
import type { IncidentAnswer } from '../../src/api/gateway/read.ts';
import { workflowIdOf } from '../../src/process/contract.ts';
import type { SignalName } from '../../src/process/signals.ts';
import { resetWorkflow } from '../support/reset.ts';
import { call, TestApi } from './support.ts';

const today = Date.parse('2026-11-24T03:00:00.000Z');
const day = 24 * 60 * 60 * 1000;
let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

const idsOf = ({ incidents }: ListAnswer) => incidents.map(({ id }) => id);
const list = (query: Record<string, string>, app?: FastifyInstance) => {
  const url = `/incidents?${new URLSearchParams(query).toString()}`;
  return app ? call<ListAnswer>(app, url) : api.get<ListAnswer>(url);
};

/** Visibility lags: waits until a list is as wanted. */
async function untilListed(query: Record<string, string>, ids: string[], app?: FastifyInstance) {
  const wanted = [...ids].sort();
  const listed = async () => idsOf((await list(query, app)).body).sort();
  await vi.waitFor(async () => expect(await listed()).toEqual(wanted), { timeout: 20_000 });
}

describe('pages', () => {
  let app: FastifyInstance;
  let clock = today;
  /** From the newest to the oldest. */
  const newestFirst: string[] = [];

  const open = async (service: string): Promise<string> => {
    const payload = { title: 'Down', service };
    const answer = await call<IncidentAnswer>(app, { method: 'POST', url: '/incidents', payload });
    return answer.body.id;
  };

  async function walk(query: Record<string, string>): Promise<{ ids: string[]; pages: number }> {
    const ids: string[] = [];
    let cursor: string | null = null;
    for (let pages = 1; ; pages += 1) {
      const { body }: { body: ListAnswer } = await list(
        { ...query, ...(cursor === null ? {} : { cursor }) },
        app,
      );
      ids.push(...idsOf(body));
      cursor = body.next;
      if (cursor === null) return { ids, pages };
    }
  }

  beforeAll(async () => {
    app = await api.build('{}', { now: () => new Date(clock) });
    for (const ages of [800, 400, 399.5, 60, 9, 8, 3, 2, 1.5, 1]) {
      clock = today - ages * day;
      newestFirst.unshift(await open('paged'));
    }
    clock = today;
    // Declared in the same millisecond, they have their order from their ids.
    const together = await Promise.all(Array.from({ length: 25 }, () => open('paged')));
    newestFirst.unshift(...together.sort().reverse());
    await untilListed({ service: 'paged', limit: '100' }, newestFirst, app);
  });

  test('are newest first', async () => {
    const { body } = await list({ service: 'paged', limit: '100' }, app);
    expect(idsOf(body)).toEqual(newestFirst);
    expect(body.next).toBeNull();
    const times = body.incidents.map(({ times: { openedAt } }) => openedAt);
    expect(times).toEqual([...times].sort().reverse());
  });

  test('are of 20 where nothing is said', async () => {
    const { body } = await list({ service: 'paged' }, app);
    expect(idsOf(body)).toEqual(newestFirst.slice(0, 20));
    expect(body.next).not.toBeNull();
  });

  test.each([1, 7, 24, 25, 34, 35])(
    'of %i lead through all, each once, in order',
    async (limit) => {
      const { ids, pages } = await walk({ service: 'paged', limit: String(limit) });
      expect(ids).toEqual(newestFirst);
      expect(pages).toBe(Math.ceil(newestFirst.length / limit));
    },
  );

  test('go on where they were while new incidents come', async () => {
    const first = await list({ service: 'moving', limit: '1' }, app);
    expect(first.body).toEqual({ incidents: [], next: null });
    clock = today - 2 * day;
    const old = [await open('moving'), await open('moving')].sort().reverse();
    await untilListed({ service: 'moving' }, old, app);
    const { body } = await list({ service: 'moving', limit: '1' }, app);
    expect(idsOf(body)).toEqual([old[0]]);
    clock = today;
    const fresh = await open('moving');
    await untilListed({ service: 'moving' }, [...old, fresh], app);
    const second = await list({ service: 'moving', limit: '1', cursor: String(body.next) }, app);
    expect(second.body).toMatchObject({ incidents: [{ id: old[1] }], next: null });
  });

  test.each([
    ['nonsense', 'nonsense'],
    ['empty', ''],
    ['other JSON', Buffer.from('{"at":1}').toString('base64url')],
    ['a time that is none', Buffer.from('[-1,"abc"]').toString('base64url')],
    ['a time beyond all', Buffer.from('[1e17,"abc"]').toString('base64url')],
    ['a time that is text', Buffer.from(`["' OR 1=1","abc"]`).toString('base64url')],
  ])('422 for a cursor that is %s', async (_, cursor) => {
    const { status, body } = await api.call(`/incidents?cursor=${cursor}`);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors?.map(({ path }) => path)).toEqual(['cursor']);
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=many', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['status=broken', 'status'],
    ['phase=lunch', 'phase'],
    ['waitingFor=inci', 'waitingFor'],
    [`service=${encodeURIComponent("x' OR '1'='1")}`, 'service'],
    ['service=%00', 'service'],
    ['order=asc', ''],
  ])('422 for %s', async (query, path) => {
    const { status, body } = await api.call(`/incidents?${query}`);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors?.map((error) => error.path)).toEqual([path]);
    expect(body.detail).toContain(path || 'query');
  });
});

describe('what a page costs', () => {
  const count = 600;
  const service = 'many';
  let app: FastifyInstance;
  let clock = today;
  /** From the newest to the oldest. */
  const newestFirst: string[] = [];
  let cost = { calls: 0, rows: 0 };

  /** Half of them were declared in one millisecond, the others one after the other within two days. */
  beforeAll(async () => {
    app = await api.build('{}', { now: () => new Date(clock) });
    const open = async () => {
      const payload = { title: 'Down', service };
      const answer = await call<IncidentAnswer>(app, {
        method: 'POST',
        url: '/incidents',
        payload,
      });
      return answer.body.id;
    };
    const burst: string[] = [];
    for (let n = 0; n < count / 2; n += 20) {
      clock = today - day;
      burst.push(...(await Promise.all(Array.from({ length: 20 }, open))));
    }
    for (let n = count / 2; n > 0; n -= 1) {
      clock = today - Math.round((n * 2 * day) / (count / 2)) - 1;
      newestFirst.unshift(await open());
      if (n === count / 4) newestFirst.unshift(...burst.sort().reverse());
    }
    clock = today;
    await vi.waitFor(async () => {
      const query = `HotfixService = '${service}'`;
      expect((await api.temporal.client.workflow.count(query)).count).toBe(count);
    }, 30_000);
    observe();
  });

  function observe(): void {
    const { workflow } = api.temporal.client;
    const counted = workflow.count.bind(workflow);
    const listed = workflow.list.bind(workflow);
    vi.spyOn(workflow, 'count').mockImplementation((query?: string) => {
      cost.calls += 1;
      return counted(query);
    });
    vi.spyOn(workflow, 'list').mockImplementation((options?: ListOptions) => {
      cost.calls += 1;
      const rows = listed(options);
      return {
        ...rows,
        async *[Symbol.asyncIterator]() {
          for await (const row of rows) {
            cost.rows += 1;
            yield row;
          }
        },
      };
    });
  }
  afterAll(() => vi.restoreAllMocks());

  const costOf = async (query: Record<string, string>) => {
    cost = { calls: 0, rows: 0 };
    const { body } = await list(query, app);
    return { ...cost, body };
  };

  test.each([1, 20, 100])('is bounded by its limit, which is %i', async (limit) => {
    const { body, calls, rows } = await costOf({ service, limit: String(limit) });
    expect(idsOf(body)).toEqual(newestFirst.slice(0, limit));
    expect(rows).toBeLessThanOrEqual(2 * limit + 20);
    expect(calls).toBeLessThanOrEqual(30);
  });

  test.each([20, 100])(
    'is bounded on each page of %i, also where many were declared at once',
    async (limit) => {
      const ids: string[] = [];
      let cursor: string | null = null;
      do {
        const page = { service, limit: String(limit), ...(cursor === null ? {} : { cursor }) };
        const { body, calls, rows }: Awaited<ReturnType<typeof costOf>> = await costOf(page);
        expect(rows).toBeLessThanOrEqual(2 * limit + 20);
        expect(calls).toBeLessThanOrEqual(80);
        ids.push(...idsOf(body));
        cursor = body.next;
      } while (cursor !== null);
      expect(ids).toEqual(newestFirst);
    },
  );

  test.each<Record<string, string>>([
    { phase: 'verify' },
    { status: 'closed' },
    { service: 'nothing' },
  ])('is little where the filter finds nothing: %o', async (filter) => {
    const { body, calls, rows } = await costOf({ service, ...filter });
    expect(body).toEqual({ incidents: [], next: null });
    expect(rows).toBe(0);
    expect(calls).toBeLessThanOrEqual(15);
  });
});

describe('a workflow that was reset', () => {
  let stopWorker: () => Promise<void>;
  const service = 'reset';

  beforeAll(async () => {
    stopWorker = await api.bed.work();
  });
  afterAll(() => stopWorker());

  const statusOf = async (id: string) => {
    const { body } = await list({ service, limit: '100' });
    return body.incidents.filter((incident) => incident.id === id).map(({ status }) => status);
  };

  /** Until visibility has both runs. */
  const bothRuns = (id: string) =>
    vi.waitFor(async () => {
      const query = `WorkflowId = '${workflowIdOf(id)}'`;
      expect((await api.temporal.client.workflow.count(query)).count).toBe(2);
    }, 20_000);

  test('is listed once while it goes on, and not as aborted', async () => {
    const { id } = await api.open({ service });
    await api.say(id, 'incidentDeclared');
    await resetWorkflow(api.temporal.server.address, workflowIdOf(id));
    await bothRuns(id);
    await untilListed({ service }, [id]);
    expect(await statusOf(id)).toEqual(['open']);
    expect(idsOf((await list({ service, status: 'aborted' })).body)).toEqual([]);
  });

  test('is listed once when it has ended again, as it ended the last time', async () => {
    const { id } = await api.open({ service });
    await api.say(id, 'incidentAborted');
    await api.bed.client.workflow.getHandle(workflowIdOf(id)).result();
    // Before the abort, which is told to the new run again.
    await resetWorkflow(api.temporal.server.address, workflowIdOf(id), 'FirstWorkflowTask');
    await api.bed.client.workflow.getHandle(workflowIdOf(id)).result();
    await bothRuns(id);
    await vi.waitFor(async () => expect(await statusOf(id)).toEqual(['aborted']), 20_000);
    const { body } = await api.get(`/incidents/${id}`);
    const listed = (await list({ service })).body.incidents.find((one) => one.id === id);
    expect(listed?.temporal.runId).toBe(body.temporal.runId);
  });

  test('leaves pages whole', async () => {
    const ids = await Promise.all(
      Array.from({ length: 3 }, async () => (await api.open({ service: 'paged-reset' })).id),
    );
    for (const id of ids) {
      // Which only can be done once the first workflow task has been.
      await api.until(id, ({ stale }) => !stale);
      await resetWorkflow(api.temporal.server.address, workflowIdOf(id));
      await bothRuns(id);
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query = { service: 'paged-reset', limit: '1', ...(cursor === null ? {} : { cursor }) };
      const { body }: { body: ListAnswer } = await list(query);
      seen.push(...idsOf(body));
      cursor = body.next;
    } while (cursor !== null);
    expect(seen.sort()).toEqual(ids.sort());
  });
});

describe('filters', () => {
  let stopWorker: () => Promise<void>;
  const service = 'filtered';
  const opened: Record<string, string> = {};
  const listed = (query: Record<string, string>, names: string[]) =>
    untilListed(
      { service, ...query },
      names.map((name) => String(opened[name])),
    );

  const begin = async (name: string, ...signals: SignalName[]) => {
    const { id } = await api.open({ service });
    opened[name] = id;
    for (const signal of signals) await api.say(id, signal);
    return id;
  };

  beforeAll(async () => {
    stopWorker = await api.bed.work();
    await begin('new');
    await begin('declared', 'incidentDeclared');
    await begin('fixing', 'incidentDeclared', 'priorityAssessed');
    await begin('inReview', 'incidentDeclared', 'priorityAssessed', 'fixReady', 'sanityChecked');
    await begin('aborted', 'incidentAborted');
    await api.finish(await begin('closed'));
    const terminated = await begin('terminated', 'incidentDeclared');
    await api.bed.client.workflow.getHandle(workflowIdOf(terminated)).terminate();
  });
  afterAll(() => stopWorker());

  test('by service', () => listed({}, Object.keys(opened)));
  test('by a service of which nothing is known', () => untilListed({ service: 'nothing' }, []));
  test('by status', async () => {
    await listed({ status: 'open' }, ['new', 'declared', 'fixing', 'inReview']);
    await listed({ status: 'closed' }, ['closed']);
    await listed({ status: 'aborted' }, ['aborted', 'terminated']);
    await listed({ status: 'declined' }, []);
  });
  test('by phase', async () => {
    await listed({ phase: 'quickFix' }, ['fixing']);
    await listed({ phase: 'quickReview' }, ['inReview']);
    await listed({ phase: 'postMortem' }, ['closed']);
  });
  test('by who is waited for', async () => {
    await listed({ waitingFor: 'incidentManager' }, ['new']);
    await listed({ waitingFor: 'priorityAssessor' }, ['new', 'declared']);
    await listed({ waitingFor: 'securityReviewer' }, ['inReview']);
    await listed({ waitingFor: 'reviewer' }, []);
  });
  test('all together', () =>
    listed({ status: 'open', phase: 'declaration', waitingFor: 'incidentManager' }, ['new']));

  test('each is as it was known last: running ones are stale, ended ones are not', async () => {
    const { body } = await list({ service });
    const of = (name: string) => body.incidents.find(({ id }) => id === opened[name]);
    expect(of('inReview')).toMatchObject({ stale: true, status: 'open', phase: 'quickReview' });
    expect(of('inReview')?.waitingFor.map(({ role }) => role)).toEqual(['securityReviewer']);
    expect(of('closed')).toMatchObject({ stale: false, status: 'closed', waitingFor: [] });
    expect(of('terminated')).toMatchObject({ stale: false, status: 'aborted', waitingFor: [] });
  });

  test('a workflow that was started by hand and never ran breaks no list', async () => {
    await api.bed.client.workflow.start('hotfix', {
      workflowId: 'hotfix-by-hand',
      taskQueue: 'nobody',
      args: [],
    });
    await listed({}, Object.keys(opened));
    expect((await list({})).status).toBe(200);
  });
});
