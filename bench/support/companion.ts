import { setTimeout as sleep } from 'node:timers/promises';
import v8 from 'node:v8';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';

/**
 * Loaded before a measured program, in its main thread and in each of its worker threads (the SDK runs
 * workflows in threads, each with a heap of its own): tells what is held after a garbage collection,
 * and ends the program with the one that started it. The program itself knows nothing of it.
 */

/** In bytes. */
export interface MemoryUse {
  /** Of the whole process. */
  rss: number;
  /** In use, in all threads together. */
  heap: number;
}

/** What the whole process uses; nothing is collected for it. */
export interface Usage {
  /** Bytes resident in memory. */
  rss: number;
  /** Microseconds of processor time in all of its threads since it began. */
  cpu: number;
}

/** Threads answer within this time, in milliseconds. */
const moment = 2_000;

function heapAfterCollection(): number {
  // Twice: what finalizers let go of in the first is collected in the second.
  global.gc?.();
  global.gc?.();
  return v8.getHeapStatistics().used_heap_size;
}

function tellUsage(): void {
  const { user, system } = process.cpuUsage();
  process.send?.({ rss: process.memoryUsage.rss(), cpu: user + system } satisfies Usage);
}

const threads = new BroadcastChannel('hotfix-bench-memory');
threads.unref();

if (isMainThread) {
  let inThreads = 0;
  threads.onmessage = ({ data }: { data: unknown }) => {
    if (typeof data === 'number') inThreads += data;
  };
  const tell = async () => {
    inThreads = 0;
    threads.postMessage('collect');
    await sleep(moment);
    const heap = heapAfterCollection() + inThreads;
    process.send?.({ rss: process.memoryUsage().rss, heap } satisfies MemoryUse);
  };
  process.on('message', (question) => {
    if (question === 'usage') tellUsage();
    else void tell();
  });
  process.on('disconnect', () => process.exit(1));
} else {
  threads.onmessage = ({ data }: { data: unknown }) => {
    if (data === 'collect') threads.postMessage(heapAfterCollection());
  };
}
