import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Troubled } from './gateway/trouble.ts';

/** What `/metrics` shows, in Prometheus's text format. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly durations = new Histogram({
    name: 'hotfix_http_request_duration_seconds',
    help: 'How long calls took, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });
  readonly started = new Counter({
    name: 'hotfix_incidents_started_total',
    help: 'Calls that started an incident, and those that named an open one',
    labelNames: ['result'],
    registers: [this.registry],
  });
  readonly signals = new Counter({
    name: 'hotfix_signals_total',
    help: 'Signals by name and by what became of them',
    labelNames: ['signal', 'verdict'],
    registers: [this.registry],
  });

  constructor(countTroubled: () => Promise<Troubled>) {
    collectDefaultMetrics({ register: this.registry });
    const gauge = (name: string, help: string) =>
      new Gauge({ name, help, registers: [this.registry] });
    const stuck = gauge('hotfix_incidents_stuck', 'Incidents whose workflow cannot go on');
    const paused = gauge('hotfix_incidents_paused', 'Incidents that are paused in Temporal');
    this.lookAtIncidents = async () => {
      const troubled = await countTroubled();
      stuck.set(troubled.stuck ?? Number.NaN);
      paused.set(troubled.paused ?? Number.NaN);
    };
  }

  /** Counts them anew, for whoever asks now; what Temporal cannot tell is not a number. */
  private readonly lookAtIncidents: () => Promise<void>;

  observe(app: FastifyInstance): void {
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'none';
      const labels = { method: request.method, route, status: String(reply.statusCode) };
      this.durations.observe(labels, reply.elapsedTime / 1000);
    });
    app.get(
      '/metrics',
      { config: { isPublic: true }, schema: { hide: true } },
      async (_, reply) => {
        await this.lookAtIncidents();
        return reply.type(this.registry.contentType).send(await this.registry.metrics());
      },
    );
  }
}
