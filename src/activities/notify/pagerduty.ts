import { z } from 'zod';
import { cut } from '../../process/cut.ts';
import { phaseTitles } from '../../process/phases.ts';
import { whoOf } from '../../process/waiting.ts';
import { permanent } from '../failures.ts';
import { assertOk, call, type HttpAnswer, type HttpCall, parseAnswer, quote } from '../http.ts';
import { channelName, channelTimeout } from './config.ts';
import { createPace, rateLimit } from './pace.ts';
import type { Addressed, ChannelDeps, NotificationChannel } from './types.ts';
import { isSolved, limitOf } from './words.ts';

export const pagerDutyChannelConfigSchema = z
  .strictObject({
    adapter: z.literal('pagerduty'),
    name: channelName('pagerduty'),
    routingKeyEnv: z
      .string()
      .min(1)
      .describe(
        'The environment variable with the integration key of an Events API v2 integration',
      ),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https url' })
      .default('https://events.pagerduty.com/v2/enqueue')
      .describe('Where events go; https://events.eu.pagerduty.com/v2/enqueue in the EU'),
    timeout: channelTimeout,
    rateLimit: rateLimit(2),
  })
  .describe('Opens, acknowledges and resolves an alert of PagerDuty for each incident');
export type PagerDutyChannelConfig = z.infer<typeof pagerDutyChannelConfigSchema>;

/**
 * Events API v2: https://developer.pagerduty.com/docs/events-api-v2-overview. One alert an incident, by its
 * `dedup_key`, so that an event that comes twice changes nothing. By plain HTTP, since PagerDuty's own
 * client waits 20 s after each 429 whatever is asked for, cannot be stopped and never gives up.
 */
export function createPagerDutyChannel(
  config: PagerDutyChannelConfig,
  deps: ChannelDeps,
): NotificationChannel {
  const { name, url, timeout, routingKeyEnv } = config;
  const routingKey = deps.secret(routingKeyEnv);
  const pace = createPace('PagerDuty', config.rateLimit);
  return {
    name,
    takes: (message) => actionOf(message) !== null,
    async send(message, signal) {
      const event = eventOf(message, deps.pageOf(message.incidentId));
      const request: HttpCall = {
        whom: 'PagerDuty',
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ routing_key: routingKey, ...event }),
        timeout,
        signal,
      };
      await pace(signal, async () => check(await call(request), request, routingKeyEnv));
      return undefined;
    },
  };
}

type Action = 'trigger' | 'acknowledge' | 'resolve';

/**
 * What a message means for the alert; null where it means nothing to it. The post-mortem pages nobody: of
 * a solved incident PagerDuty hears only how it stands.
 */
function actionOf({ incident, kind, urgency }: Addressed): Action | null {
  if (isSolved(incident)) return kind === 'status' ? 'resolve' : null;
  if (urgency === 'page') return 'trigger';
  return incident.escalation.acknowledged ? 'acknowledge' : null;
}

function eventOf(message: Addressed, page: string | undefined) {
  const action = actionOf(message);
  const base = { event_action: action, dedup_key: `hotfix-${message.incidentId}` };
  return action === 'trigger' ? { ...base, ...alertOf(message, page) } : base;
}

function alertOf(message: Addressed, page: string | undefined) {
  const { incident, service, subject, title, to } = message;
  return {
    client: 'Hotfix',
    ...(page && { client_url: page }),
    // A recipient's own link is not for all who read the alert.
    links: page ? [{ href: page, text: 'The incident' }] : [],
    payload: {
      summary: cut(`${subject} (${title})`, longestSummary),
      source: service,
      severity: severities[incident.priority ?? 'P1'] ?? 'critical',
      timestamp: message.at,
      component: service,
      class: phaseTitles[incident.phase],
      custom_details: {
        incident: message.incidentId,
        attempt: incident.attempt,
        ...(incident.fix && { fix: incident.fix }),
        told: to.map((person) => person.name).join(', '),
        explanation: cut(incident.explanation, longestDetail),
        message: cut(message.text, longestDetail),
        waitingFor: incident.waitingFor.map(
          (wait) => `${whoOf(wait)}, ${limitOf(wait, message.at)}`,
        ),
      },
    },
  };
}

/** Of PagerDuty; an event as a whole may have 512 KB. */
const longestSummary = 1024;
const longestDetail = 4_000;

/** What is not assessed yet counts as a P1. */
const severities: Record<string, 'critical' | 'error' | 'warning' | 'info'> = {
  P1: 'critical',
  P2: 'error',
  P3: 'warning',
  P4: 'info',
};

const refusalSchema = z.object({ message: z.string(), errors: z.array(z.string()).default([]) });

function check(answer: HttpAnswer, request: HttpCall, routingKeyEnv: string): void {
  if (answer.status === 400) {
    const { message, errors } = parseAnswer(answer, request, refusalSchema);
    throw permanent(
      'Refused',
      `PagerDuty refuses the event (400): ${quote([message, ...errors].join(': '))} Check the integration key in ${routingKeyEnv}.`,
    );
  }
  assertOk(answer, request, `the key in ${routingKeyEnv}`);
}
