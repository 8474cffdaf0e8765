import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  proxyActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';

export interface ClockActivities {
  work(): Promise<void>;
}

const { work } = proxyActivities<ClockActivities>({ startToCloseTimeout: '1m' });

export const now = defineQuery<number>('now');
export const ticks = defineQuery<number[]>('ticks');
export const order = defineSignal<['work' | 'continueAsNew' | 'end']>('order');

/** Ticks every 15 minutes, and notes the time of each tick. */
export async function clock(earlier: number[] = []): Promise<number[]> {
  const noted = [...earlier];
  const orders: string[] = [];
  setHandler(now, () => Date.now());
  setHandler(ticks, () => noted);
  setHandler(order, (given) => void orders.push(given));
  const ticking = async (): Promise<never> => {
    for (;;) {
      await sleep('15m');
      noted.push(Date.now());
    }
  };
  void ticking();
  for (;;) {
    await condition(() => orders.length > 0);
    const given = orders.shift();
    if (given === 'work') await work();
    if (given === 'continueAsNew') await continueAsNew<typeof clock>(noted);
    if (given === 'end') return noted;
  }
}
