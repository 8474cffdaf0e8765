import v8 from 'node:v8';
import { BroadcastChannel, isMainThread, type Worker } from 'node:worker_threads';

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

const channel = new BroadcastChannel('hotfix-bench-memory');
channel.unref();

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

if (isMainThread) tellOnRequest();
else {
  channel.onmessage = ({ data }: { data: unknown }) => {
    if (data === 'collect') channel.postMessage(heapAfterCollection());
  };
}

function tellOnRequest(): void {
  let threads = 0;
  process.on('worker', (thread: Worker) => {
    threads += 1;
    thread.once('exit', () => {
      threads -= 1;
    });
  });
  const tell = async () => {
    const inThreads = await heapsOf(threads);
    const heap = [heapAfterCollection(), ...inThreads].reduce((sum, one) => sum + one);
    process.send?.({ rss: process.memoryUsage.rss(), heap } satisfies MemoryUse);
  };
  process.on('message', (question) => {
    if (question === 'usage') tellUsage();
    else void tell();
  });
  process.on('disconnect', () => process.exit(1));
}

async function heapsOf(threads: number): Promise<number[]> {
  const heaps: number[] = [];
  if (threads === 0) return heaps;
  return new Promise((resolve) => {
    channel.onmessage = ({ data }: { data: unknown }) => {
      if (typeof data === 'number' && heaps.push(data) === threads) resolve(heaps);
    };
    channel.postMessage('collect');
  });
}
