import { setTimeout as sleep } from 'node:timers/promises';

const requestLimit = 2_000;

/** How many customers could buy and how many could not, since the start. */
export interface Traffic {
  readonly sold: number;
  readonly failed: number;
  /** Ends the traffic; resolves when the last request has been answered. */
  stop(): Promise<void>;
}

/** Customers who buy at the shop, one after the other, a pause (milliseconds) between them. */
export function startTraffic(shopUrl: string, pause: number): Traffic {
  const counts = { sold: 0, failed: 0 };
  const closing = new AbortController();
  const shopping = shop();

  async function shop(): Promise<void> {
    for (let customer = 0; !closing.signal.aborted; customer += 1) {
      counts[(await buys(shopUrl, customer)) ? 'sold' : 'failed'] += 1;
      await sleep(pause, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  return {
    get sold() {
      return counts.sold;
    },
    get failed() {
      return counts.failed;
    },
    async stop() {
      closing.abort();
      await shopping;
    },
  };
}

/** Every tenth customer has a coupon. */
async function buys(shopUrl: string, customer: number): Promise<boolean> {
  const items = [{ name: 'Coffee', quantity: 1 + (customer % 3), unitPrice: 890 }];
  const coupon = customer % 10 === 9 ? { code: 'WELCOME', percent: 10 } : undefined;
  try {
    const answer = await fetch(new URL('/checkout', shopUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ items, coupon }),
      signal: AbortSignal.timeout(requestLimit),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
