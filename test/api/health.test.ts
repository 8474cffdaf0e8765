import { afterEach, beforeEach, expect, test } from 'vitest';
import { call, TestApi } from './support.ts';

interface Readiness {
  temporal: 'up' | 'down';
  worker: 'up' | 'down';
  detail: string;
}

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
