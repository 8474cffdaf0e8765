import { z } from 'zod';
import { answer, listen } from '../../activities/server.ts';

/** The documented format: https://developer.pagerduty.com/docs/send-alert-event. */
const routingKey = z.string().length(32);
const dedupKey = z.string().min(1).max(255);
const link = z.strictObject({ href: z.url(), text: z.string().optional() });

const eventSchema = z.discriminatedUnion('event_action', [
  z.strictObject({
    event_action: z.literal('trigger'),
    routing_key: routingKey,
    dedup_key: dedupKey,
    client: z.string().optional(),
    client_url: z.url().optional(),
    links: z.array(link).optional(),
    images: z.array(z.unknown()).optional(),
    payload: z.strictObject({
      summary: z.string().min(1).max(1024),
      source: z.string().min(1),
      severity: z.enum(['critical', 'error', 'warning', 'info']),
      timestamp: z.iso.datetime().optional(),
      component: z.string().optional(),
      group: z.string().optional(),
      class: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
  z.strictObject({
    event_action: z.enum(['acknowledge', 'resolve']),
    routing_key: routingKey,
    dedup_key: dedupKey,
  }),
]);
type PagerDutyEvent = z.infer<typeof eventSchema>;

const largest = 512 * 1024;
export const integrationKey = '0123456789abcdef0123456789abcdef';

/** What the next request is answered instead, as documented. */
export interface Trouble {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** PagerDuty's Events API v2, as far as its documents go: alerts by their dedup key. */
export async function startPagerDuty(...troubles: Trouble[]) {
  const events: PagerDutyEvent[] = [];
  const alerts = new Map<string, 'triggered' | 'acknowledged'>();
  const server = await listen(({ method, path, body }, response) => {
    const trouble = troubles.shift();
    if (trouble) return answer(response, trouble.status, trouble.body ?? '', trouble.headers);
    if (method !== 'POST' || path !== '/v2/enqueue') return answer(response, 404);
    if (Buffer.byteLength(body) > largest) return answer(response, 413);
    const parsed = eventSchema.safeParse(JSON.parse(body));
    const invalid = (errors: string[]) =>
      answer(response, 400, {
        status: 'invalid event',
        message: 'Event object is invalid',
        errors,
      });
    if (!parsed.success)
      return invalid(
        parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
      );
    const event = parsed.data;
    if (event.routing_key !== integrationKey) return invalid(['Invalid routing key']);
    events.push(event);
    const key = event.dedup_key;
    if (event.event_action === 'resolve') alerts.delete(key);
    else if (event.event_action === 'trigger') alerts.set(key, alerts.get(key) ?? 'triggered');
    else if (alerts.has(key)) alerts.set(key, 'acknowledged');
    answer(response, 202, { status: 'success', message: 'Event processed', dedup_key: key });
  });
  return { ...server, url: `${server.url}/v2/enqueue`, events, alerts };
}
