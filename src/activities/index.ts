import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { type Clock, type Sleep, systemClock } from './clock.ts';
import { carryOut } from './deploy/carry-out.ts';
import { type DeployLock, underLock } from './deploy/lock.ts';
import { temporalLock } from './deploy/temporal-lock.ts';
import type { DeployAdapter, DeployRequest } from './deploy/types.ts';
import { messageOf, transient } from './failures.ts';
import { withHeartbeat } from './heartbeat.ts';
import type { Monitoring } from './monitoring/types.ts';
import { watch } from './monitoring/watch.ts';
import { deliver } from './notify/deliver.ts';
import { stillAsked as askTemporal, type StillAsked } from './notify/still-asked.ts';
import type { NotificationChannel, Recipient } from './notify/types.ts';
import type { OnCall } from './oncall/look-up.ts';
import { addressed, rotasOf } from './oncall/recipients.ts';
import type { Rota } from './oncall/types.ts';
import { tryAccess } from './preflight.ts';
import { fileAll } from './tracker/file-follow-ups.ts';
import type { Tracker } from './tracker/types.ts';
import type { DeployResult, Environment, HotfixActivities, Notification } from './types.ts';
import { untilEnded } from './workflow-end.ts';

/** What one service is connected to in one environment. */
export interface ServiceAdapters {
  deploy: DeployAdapter;
  rollback: DeployAdapter;
  monitoring: Monitoring;
}

export interface ActivityDeps {
  /** The adapters of a service, also of one that the configuration does not name. */
  services: (service: string, environment: Environment) => ServiceAdapters;
  channels: readonly NotificationChannel[];
  /** Who is behind a name in a message: a person of the configuration, or a role that nobody holds. */
  recipientOf: (name: string, notification: Notification) => Promise<Recipient>;
  onCall: OnCall;
  /** The rotas that the roles and the policy of a service name. */
  rotasOf: (service: string) => readonly Rota[];
  tracker: Tracker;
  /** One deploy at a time; without it, the workflow of that name. */
  lock?: DeployLock;
  /** Whether a message is still worth sending; without it, Temporal is asked. */
  stillAsked?: StillAsked;
  logger: Logger;
  /** Aborts when this worker goes away. */
  leaving?: AbortSignal;
  now: () => Date;
  sleep?: Sleep;
  monotonic?: () => number;
}

/** The worker's activities. Each throws only what {@link HotfixActivities} says. */
export function createActivities(deps: ActivityDeps): HotfixActivities {
  const { services, channels, recipientOf, tracker, logger, lock = temporalLock } = deps;
  const { stillAsked = askTemporal } = deps;
  const { now, sleep = systemClock.sleep, monotonic = systemClock.monotonic } = deps;
  const clock: Clock = { now, sleep, monotonic };
  const { leaving = new AbortController().signal } = deps;
  const guarded = guardBy(logger);
  const carryOutAlone = (adapter: DeployAdapter, request: DeployRequest) =>
    withHeartbeat(Context.current().info.heartbeatDetails as unknown, (heart) =>
      underLock(lock, request, () => carryOut(adapter, request, heart, { clock, leaving })),
    );
  return {
    deploy: guarded('The deploy', (step) =>
      carryOutAlone(services(step.service, step.environment).deploy, {
        ...step,
        action: 'deploy',
      }),
    ),
    rollback: guarded('The rollback', async (step) => {
      const adapter = services(step.service, step.environment).rollback;
      // Of a rollback there is no standing back: what would be overtaken is refused.
      return (await carryOutAlone(adapter, { ...step, action: 'rollback' })) as DeployResult;
    }),
    preflight: guarded('The preflight', (service) =>
      tryAccess(
        service,
        (environment) => services(service, environment),
        deps.rotasOf(service),
        Context.current().cancellationSignal,
      ),
    ),
    monitor: guarded('The monitoring', (request) =>
      watch(services(request.service, request.environment).monitoring, request, clock),
    ),
    notify: guarded('The notification', async (notifications) => {
      const { cancellationSignal } = Context.current();
      const found = await deps.onCall.find(rotasOf(notifications), cancellationSignal);
      const messages = notifications.map((one) => addressed(one, found));
      return {
        deliveries: await deliver(messages, { channels, recipientOf, stillAsked, sleep }),
        onCall: found,
      };
    }),
    findOnCall: guarded('The look-up of who is on call', (rotas) =>
      deps.onCall.find(rotas, Context.current().cancellationSignal),
    ),
    fileFollowUps: guarded('The filing of follow-ups', (tasks) => fileAll(tasks, tracker)),
    workflowEnd: guarded('The watch over a deploy', untilEnded),
  };
}

type Activity<A, R> = (argument: A) => Promise<R>;

const guardBy =
  (logger: Logger) =>
  <A, R>(what: string, activity: Activity<A, R>): Activity<A, R> =>
  async (argument) => {
    try {
      return await activity(argument);
    } catch (error) {
      throw explained(error, what, logger);
    }
  };

/** Every way in which an activity can end badly, as Temporal is to see it. */
function explained(error: unknown, what: string, logger: Logger): Error {
  if (error instanceof ApplicationFailure) return error;
  const { cancellationSignal, cancellationDetails } = Context.current();
  if (!cancellationSignal.aborted) {
    logger.error({ err: error }, `${what} met an error that nobody expected`);
    return transient('Unexpected', `${what} met an unexpected error: ${messageOf(error)}`);
  }
  if (cancellationDetails?.cancelRequested) {
    return error instanceof CancelledFailure
      ? error
      : new CancelledFailure(`${what} was cancelled.`);
  }
  // Not the work is to end, only this worker's part in it: a retry goes on from the heartbeats.
  return transient('Interrupted', `${what} was interrupted with its worker; the next one goes on.`);
}
