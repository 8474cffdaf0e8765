import { hasStaging, isMonitored, services } from './plan.ts';

interface Places {
  deploys: string;
  messages: string;
}

/** Of what may be late, and of all other waits, in milliseconds. */
const limits = { late: 3_000, others: 20_000 };

/** Limits of seconds, so that what takes people minutes is seen in a run. */
export function configuration({ deploys, messages }: Places): object {
  const level = { acknowledgeWithin: '3s', decideWithin: '10s' };
  const escalation = (limit: number) => ({
    limit,
    levels: [
      { name: 'first', notify: ['waiting'], ...level },
      { name: 'second', notify: ['waiting', 'incidentManager'], ...level },
    ],
    repeatEvery: '30s',
  });
  const { late, others } = limits;
  return {
    notifications: [
      {
        adapter: 'webhook',
        url: messages,
        secretEnv: 'CHAOS_SECRET',
        timeout: '5s',
        rateLimit: 100,
      },
    ],
    policy: {
      escalation: {
        declaration: escalation(others),
        quickFix: escalation(others),
        quickReview: escalation(late),
        deploy: escalation(others),
        verify: escalation(others),
        postMortem: escalation(others),
      },
      retrospective: escalation(late),
    },
    services: Object.fromEntries(services.map((name) => [name, service(name, deploys)])),
  };
}

function service(name: string, url: string): object {
  const adapter = {
    adapter: 'http',
    url: `${url}/deploys`,
    secretEnv: 'CHAOS_SECRET',
    interval: '200ms',
    requestTimeout: '5s',
  };
  // A worker that stands still while it measures has measured nothing good.
  const measures = [
    { name: 'healthz', adapter: 'http', url: `${url}/healthz`, interval: '1s', failureLimit: 3 },
  ];
  return {
    deploy: {
      production: { deploy: adapter, rollback: adapter },
      ...(hasStaging(name) && { staging: { deploy: adapter } }),
    },
    ...(isMonitored(name) && { monitoring: { production: { soak: '3s', measures } } }),
  };
}
