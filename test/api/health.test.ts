import { tmpdir } from 'node:os';
import { ServiceError } from '@temporalio/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Readiness } from '../../src/api/gateway/readiness.ts';
import { freeSpaceAt } from '../../src/temporal/freeSpace.ts';
import { call, TestApi } from './support.ts';

let api: TestApi;

beforeEach(async () => {
  api = await TestApi.start();
});
afterEach(() => api.stop());

test('/readyz tells whether Temporal and a worker are there', async () => {
  const app = await api.build('{}', { temporalTimeout: 1_000 });
  const readiness = () => call<Readiness>(app, '/readyz');

  expect(await readiness()).toMatchObject({
    status: 503,
    body: { temporal: 'up', worker: 'down', detail: /Start a worker/ },
  });

  const stopWorker = await api.bed.work();
  await expect.poll(readiness, { timeout: 20_000 }).toMatchObject({
    status: 200,
    body: { temporal: 'up', worker: 'up' },
  });
  await stopWorker();

  await api.temporal.kill();
  expect(await readiness()).toMatchObject({
    status: 503,
    body: { temporal: 'down', worker: 'down', detail: /Temporal does not answer/ },
  });
  expect((await call(app, '/healthz')).body).toEqual({ api: 'up' });
});

test('/readyz tells of a disk that is full, while Temporal still answers', async () => {
  const stopWorker = await api.bed.work();
  let free = 1_000_000_000;
  const app = await api.build('{}', { freeSpace: async () => free });
  const readiness = () => call<Readiness>(app, '/readyz');
  await expect.poll(readiness, { timeout: 20_000 }).toMatchObject({
    status: 200,
    body: { disk: 'ok', detail: 'Everything is there.' },
  });
  free = 10_000_000;
  expect(await readiness()).toMatchObject({
    status: 503,
    body: { temporal: 'up', disk: 'full', detail: /HOTFIX_DATA is full/ },
  });
  // Where the disk cannot be looked at, nothing is said of it.
  const blind = await api.build('{}', {
    freeSpace: () => Promise.reject(new Error('no such file')),
  });
  expect(await call<Readiness>(blind, '/readyz')).toMatchObject({
    status: 200,
    body: { disk: null },
  });
  expect(await freeSpaceAt(tmpdir())).toBeGreaterThan(0);
  await expect(freeSpaceAt('/there/is/nothing/here')).rejects.toThrow();
  await stopWorker();
});

test('/readyz tells of a Temporal that answers and keeps nothing, until it keeps something', async () => {
  const stopWorker = await api.bed.work();
  const app = await api.build();
  const readiness = () => call<Readiness>(app, '/readyz');
  await expect.poll(async () => (await readiness()).status, { timeout: 20_000 }).toBe(200);
  const start = vi.spyOn(api.temporal.client.workflow, 'start');
  start.mockRejectedValueOnce(deadlineExceeded());
  const open = () =>
    call(app, { method: 'POST', url: '/incidents', payload: { title: 'x', service: 'shop' } });
  expect(await open()).toMatchObject({ status: 503, body: { code: 'temporal_unreachable' } });
  expect(await readiness()).toMatchObject({
    status: 503,
    body: { temporal: 'up', writes: 'failing', detail: /full or read-only/ },
  });
  expect((await open()).status).toBe(201);
  expect(await readiness()).toMatchObject({ status: 200, body: { writes: 'ok' } });
  start.mockRestore();
  await stopWorker();
});

/** What a client has of a server whose database is full: it was tried so, on a small disk. */
const deadlineExceeded = () =>
  new ServiceError('Failed to start Workflow', {
    cause: Object.assign(new Error('4 DEADLINE_EXCEEDED: Deadline exceeded'), { code: 4 }),
  });

test('/metrics counts calls, incidents and signals, and names no incident', async () => {
  const stopWorker = await api.bed.work();
  const { id } = await api.open({ dedupKey: 'one' });
  await api.post('/incidents', { title: 'Again', service: 'shop', dedupKey: 'one' });
  await api.say(id, 'incidentDeclared');
  await api.say(id, 'fixReady');
  await api.get(`/incidents/${id}`);
  await api.get('/nowhere');
  const { status, headers, text } = await api.call('/metrics');
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  for (const line of [
    'hotfix_incidents_started_total{result="new"} 1',
    'hotfix_incidents_started_total{result="existing"} 1',
    'hotfix_signals_total{signal="incidentDeclared",verdict="accepted"} 1',
    'hotfix_signals_total{signal="fixReady",verdict="refused"} 1',
    'hotfix_http_request_duration_seconds_count{method="GET",route="/incidents/:id",status="200"} 1',
    'hotfix_http_request_duration_seconds_count{method="GET",route="none",status="404"} 1',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toContain('process_cpu_seconds_total');
  expect(text).not.toContain(id);
  await stopWorker();
});
