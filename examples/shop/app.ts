import Fastify, { type FastifyInstance } from 'fastify';
import { processHeader, versionHeader } from './headers.ts';
import { createMetrics } from './metrics.ts';
import { page } from './page.ts';
import type { Basket, Release } from './release.ts';
import { Sales } from './sales.ts';

/** An ordinary basket, as most customers have it. */
const ordinaryBasket: Basket = {
  items: [
    { name: 'Coffee', quantity: 2, unitPrice: 890 },
    { name: 'Filter papers', quantity: 1, unitPrice: 320 },
  ],
};

export function createShop(version: string, release: Release): FastifyInstance {
  const app = Fastify();
  const metrics = createMetrics(version);
  const sales = new Sales();

  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ [versionHeader]: version, [processHeader]: String(process.pid) });
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.answered(route, reply.statusCode, reply.elapsedTime / 1000);
    // A basket that makes no sense is no sale that the shop has lost.
    if (route === '/checkout' && reply.statusCode !== 400) sales.record(reply.statusCode === 200);
  });
  app.setErrorHandler((error: { message: string; statusCode?: number }, request, reply) => {
    console.error(`${request.method} ${request.url}: ${error.message}`);
    const status = error.statusCode ?? 500;
    const message = status < 500 ? error.message : 'Checkout failed. Nothing was charged.';
    return reply.code(status).send({ error: message });
  });

  app.get('/', (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page(version, checkoutFault(release))),
  );
  app.post<{ Body: Basket }>('/checkout', { schema: { body: basketSchema } }, (request) =>
    release.checkout(request.body),
  );
  app.get('/healthz', (_request, reply) => {
    const fault = checkoutFault(release);
    return reply
      .code(fault === undefined ? 200 : 503)
      .send({ status: fault === undefined ? 'ok' : 'failing', version, fault });
  });
  app.get('/sales', () => sales.summary());
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  return app;
}

/** Why an ordinary basket cannot be checked out; undefined where it can. */
function checkoutFault(release: Release): string | undefined {
  try {
    release.checkout(ordinaryBasket);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const basketSchema = {
  type: 'object',
  required: ['items'],
  properties: {
    items: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['name', 'quantity', 'unitPrice'],
        properties: {
          name: { type: 'string' },
          quantity: { type: 'integer', minimum: 1 },
          unitPrice: { type: 'integer', minimum: 0 },
        },
      },
    },
    coupon: {
      type: 'object',
      required: ['code', 'percent'],
      properties: {
        code: { type: 'string' },
        percent: { type: 'number', minimum: 0, maximum: 100 },
      },
    },
  },
};
