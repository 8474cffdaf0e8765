import { Context } from '@temporalio/activity';

/** The details of an activity's heartbeats: what a retried activity goes on from. */
export interface Heart<T> {
  readonly details: T;
  /** Replaces the details and sends them. */
  set(details: T): void;
}

const defaultPeriod = 5_000;

/**
 * Runs `work` with heartbeats beside it, where a while has passed without any. They begin with what the last attempt left, since
 * a beat without details would erase it.
 */
export async function withHeartbeat<T, R>(
  initial: T,
  work: (heart: Heart<T>) => Promise<R>,
): Promise<R> {
  const context = Context.current();
  let details = initial;
  const beat = () => context.heartbeat(details);
  const timer = setInterval(beat, (context.info.heartbeatTimeoutMs ?? 3 * defaultPeriod) / 3);
  try {
    return await work({
      get details() {
        return details;
      },
      set(next) {
        details = next;
        beat();
        timer.refresh();
      },
    });
  } finally {
    clearInterval(timer);
  }
}
