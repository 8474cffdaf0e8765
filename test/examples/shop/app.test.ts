import { describe, expect, test } from 'vitest';
import { createShop } from '../../../examples/shop/app.ts';
import { loadRelease } from '../../../examples/shop/versions.ts';

const basket = { items: [{ name: 'Coffee', quantity: 2, unitPrice: 890 }] };
const coupon = { code: 'WELCOME', percent: 10 };

async function shop(version: string) {
  return createShop(version, await loadRelease(version));
}

describe('the shop with its checkout broken', () => {
  test.each(['v41', 'v43'])(
    '%s cannot sell an ordinary basket, and says so everywhere',
    async (version) => {
      const app = await shop(version);
      const sale = await app.inject({ method: 'POST', url: '/checkout', payload: basket });
      expect(sale.statusCode).toBe(500);
      expect(sale.json()).toEqual({ error: 'Checkout failed. Nothing was charged.' });

      const health = await app.inject('/healthz');
      expect(health.statusCode).toBe(503);
      expect(health.json()).toMatchObject({ status: 'failing', version });

      const { body: metrics } = await app.inject('/metrics');
      expect(metrics).toContain('shop_http_requests_total{route="/checkout",status="500"} 1');
      expect(metrics).toContain('shop_http_requests_total{route="/checkout",status="200"} 0');

      const sales = { checkouts: 1, failed: 1, failedPercent: 100 };
      expect((await app.inject('/sales')).json()).toEqual(sales);

      const { body: page } = await app.inject('/');
      expect(page).toContain('Checkout is broken');
      expect(page).toContain(version);
    },
  );

  test('v41 still sells to the few who have a coupon', async () => {
    const app = await shop('v41');
    const sale = await app.inject({
      method: 'POST',
      url: '/checkout',
      payload: { ...basket, coupon },
    });
    expect(sale.json()).toEqual({ subtotal: 1780, discount: 178, total: 1602 });
  });
});

describe('the shop repaired', () => {
  test('v42 sells with and without a coupon', async () => {
    const app = await shop('v42');
    const none = { checkouts: 0, failed: 0, failedPercent: null };
    expect((await app.inject('/sales')).json()).toEqual(none);
    const plain = await app.inject({ method: 'POST', url: '/checkout', payload: basket });
    expect(plain.json()).toEqual({ subtotal: 1780, discount: 0, total: 1780 });
    const cheaper = await app.inject({
      method: 'POST',
      url: '/checkout',
      payload: { ...basket, coupon },
    });
    expect(cheaper.json()).toEqual({ subtotal: 1780, discount: 178, total: 1602 });

    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok', version: 'v42' });
    const { body: metrics } = await app.inject('/metrics');
    expect(metrics).toContain('shop_http_requests_total{route="/checkout",status="200"} 2');
    expect(metrics).toContain('shop_release_info{version="v42"} 1');
    const sales = { checkouts: 2, failed: 0, failedPercent: 0 };
    expect((await app.inject('/sales')).json()).toEqual(sales);
    expect((await app.inject('/')).body).toContain('Checkout works');
  });

  test('a basket of nonsense is refused with what is wrong, and is no error of the shop', async () => {
    const app = await shop('v42');
    const answer = await app.inject({ method: 'POST', url: '/checkout', payload: { items: [] } });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error).toContain('items');
    const { body: metrics } = await app.inject('/metrics');
    expect(metrics).toContain('shop_http_requests_total{route="/checkout",status="500"} 0');
    expect((await app.inject('/sales')).json()).toMatchObject({ checkouts: 0 });
  });
});
