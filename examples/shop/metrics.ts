import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a Prometheus server scrapes from one running shop. */
export interface ShopMetrics {
  registry: Registry;
  /** One answered request; the duration is in seconds. */
  answered(route: string, status: number, duration: number): void;
}

export function createMetrics(version: string): ShopMetrics {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['route', 'status'] as const;
  const requests = new Counter({
    name: 'shop_http_requests_total',
    help: 'Requests answered by the shop',
    labelNames,
    registers,
  });
  const durations = new Histogram({
    name: 'shop_http_request_duration_seconds',
    help: 'Time until the answer was sent',
    labelNames: ['route'] as const,
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    registers,
  });
  new Gauge({
    name: 'shop_release_info',
    help: 'Always 1; the label names the release that is running',
    labelNames: ['version'] as const,
    registers,
  }).set({ version }, 1);
  for (const status of ['200', '500']) requests.inc({ route: '/checkout', status }, 0);
  return {
    registry,
    answered(route, status, duration) {
      requests.inc({ route, status: String(status) });
      durations.observe({ route }, duration);
    },
  };
}
