import type { Notification } from '../../process/notifications.ts';

/** One way to reach people. */
export interface NotificationChannel {
  /** Unique among the channels; what was delivered is remembered by it. */
  readonly name: string;
  /**
   * Delivers one message. Throws an ApplicationFailure, retryable where a retry may succeed; a
   * message may come again after a lost answer, with the same id.
   */
  send(notification: Notification, signal: AbortSignal): Promise<void>;
}
