import type { Client } from '@temporalio/client';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { Links } from '../links/links.ts';
import { countingLengths } from '../process/lengths.ts';
import { authenticate } from './callers.ts';
import type { Directory, SlackApps } from './directory.ts';
import { gatewayTo } from './gateway/deps.ts';
import type { Most } from './gateway/limits.ts';
import type { FreeSpace } from './gateway/readiness.ts';
import { countTroubled } from './gateway/trouble.ts';
import { Metrics } from './metrics.ts';
import { describeApi } from './openapi.ts';
import { requireOwnMachine } from './own-machine.ts';
import { handleErrors, refuseRequest } from './problems.ts';
import { actRoutes } from './routes/act.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { measurementRoutes } from './routes/measurements.ts';
import { type SignalRoutes, signalRoutes } from './routes/signals.ts';
import { slackRoutes } from './routes/slack.ts';

export interface ApiDeps {
  client: Client;
  directory: Directory;
  /** Whose buttons send signals; without it, there are none. */
  slack?: SlackApps | undefined;
  /** Reads the links of messages; without it there are no pages behind them. */
  links?: Pick<Links, 'read'> | undefined;
  uiUrl: string | undefined;
  /** Of the disk of an embedded Temporal. */
  freeSpace?: FreeSpace | undefined;
  logger: FastifyBaseLogger;
  /** How long an answer of the workflow is waited for, in milliseconds. */
  answerTimeout?: number;
  /** How long Temporal itself is waited for, in milliseconds. */
  temporalTimeout?: number;
  /** How long a whole request may take to arrive, in milliseconds. */
  requestTimeout?: number;
  /** How many signals an incident takes; generous without. */
  most?: Most;
  now?: () => Date;
}

/** Larger than any body that the schemas allow, in bytes. */
const bodyLimit = 256 * 1024;

/** Longer than the token of any link, in characters. */
const longestParam = 1_000;

/** The API, apart from listening. */
export async function buildApp(deps: ApiDeps): Promise<FastifyInstance> {
  const { client, directory, links, uiUrl, logger, now = () => new Date() } = deps;
  const { answerTimeout = 3_000, temporalTimeout = 10_000, requestTimeout = 10_000 } = deps;
  const temporal = { client, uiUrl, logger, answerTimeout, temporalTimeout };
  const gateway = gatewayTo(temporal, deps.most);
  const metrics = new Metrics(() => countTroubled(gateway));
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: (error, _, reply) => refuseRequest(error, reply),
    bodyLimit,
    requestTimeout,
    // Told when the server is made, or Node goes by its own time for headers, a minute, instead.
    http: { requestTimeout, connectionsCheckingInterval: Math.min(requestTimeout, 1_000) },
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: longestParam },
  }).withTypeProvider<ZodTypeProvider>();
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler<z.ZodType>((route) =>
    validatorCompiler({ ...route, schema: countingLengths(route.schema) }),
  );
  // Answers are made by us from what is typed; the schemas are there to describe them.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  handleErrors(app);
  if (directory.open) requireOwnMachine(app);
  authenticate(app, directory);
  metrics.observe(app);
  await describeApi(app, directory.open);
  await app.register(healthRoutes, { gateway, freeSpace: deps.freeSpace });
  await app.register(incidentRoutes, {
    gateway,
    directory,
    now,
    onStarted: (isNew) => metrics.started.inc({ result: isNew ? 'new' : 'existing' }),
  });
  const signals: SignalRoutes = {
    gateway,
    now,
    onSignal: (signal, verdict) => metrics.signals.inc({ signal, verdict }),
  };
  await app.register(signalRoutes, signals);
  if (links) await app.register(actRoutes, { ...signals, links });
  await app.register(measurementRoutes, { gateway });
  if (deps.slack) await app.register(slackRoutes, { ...signals, apps: deps.slack });
  await app.register(eventRoutes, { gateway });
  await app.ready();
  return app;
}
