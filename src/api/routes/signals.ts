import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { roleOf, roles } from '../../process/phases.ts';
import {
  type CompletionName,
  isCompletion,
  type SignalName,
  signalNames,
  signalSchemas,
} from '../../process/signals.ts';
import { requestIdOf, senderOf } from '../callers.ts';
import { type GatewayDeps, linkOf } from '../gateway/deps.ts';
import { sendSignal, undecided } from '../gateway/signal.ts';
import { ApiProblem } from '../problems.ts';
import { appliedSchema, callHeaders, described, problems, recordedSchema } from '../schemas.ts';
import { checkedId, idParams } from './incidents.ts';

export interface SignalRoutes {
  gateway: GatewayDeps;
  now: () => Date;
  onSignal: (name: SignalName, verdict: 'accepted' | 'refused' | 'recorded') => void;
}

/** A route a signal, so that each has its own body in the description. */
export const signalRoutes: FastifyPluginAsyncZod<SignalRoutes> = async (app, options) => {
  const { gateway, now, onSignal } = options;
  for (const name of signalNames) {
    app.post(
      `/incidents/:id/signals/${name}`,
      {
        schema: {
          summary: summaryOf(name),
          description:
            'An answer with a `requestId`, also a refusal, means that the signal is on the record. The same `Idempotency-Key` twice is applied once.',
          tags: ['signals'],
          params: idParams,
          headers: callHeaders,
          body: signalSchemas[name] as z.ZodType<object>,
          response: {
            200: described('Applied: the incident as it is now', appliedSchema),
            202: described(
              'Recorded; no worker has answered yet, or a rota is still being asked',
              recordedSchema,
            ),
            ...problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
          },
        },
      },
      async (request, reply) => {
        const id = checkedId(request.params);
        const requestId = requestIdOf(request);
        const answer = await sendSignal(gateway, {
          id,
          name,
          body: request.body,
          by: senderOf(request, name),
          at: now().toISOString(),
          requestId,
        });
        if (!answer?.verdict) {
          onSignal(name, 'recorded');
          const location = `/incidents/${id}`;
          const body = {
            requestId,
            recorded: true as const,
            detail: undecided,
            incident: location,
          };
          return reply.code(202).header('location', location).send(body);
        }
        const { verdict, incident, runId } = answer;
        if (verdict.signal !== name) throw keyReused(requestId, verdict.signal);
        onSignal(name, verdict.accepted ? 'accepted' : 'refused');
        if (verdict.accepted) {
          const temporal = linkOf(gateway, id, runId);
          return reply.send({ ...incident, stale: false, problem: null, temporal, requestId });
        }
        const status = verdict.code === 'not_your_role' ? 403 : 409;
        throw new ApiProblem(status, verdict.code, verdict.reason, { requestId, incident });
      },
    );
  }

  app.post(
    '/incidents/:id/signals/:signal',
    { schema: { hide: true, params: z.object({ id: z.string(), signal: z.string() }) } },
    async ({ params }) => {
      const detail = `There is no signal ${JSON.stringify(params.signal)}; the signals are ${signalNames.join(', ')}.`;
      throw new ApiProblem(404, 'unknown_signal', detail);
    },
  );
};

/** A key stands for one call: what else is sent under it would be taken for a repetition and dropped. */
const keyReused = (requestId: string, before: string) =>
  new ApiProblem(
    422,
    'idempotency_key_reused',
    `The Idempotency-Key ${JSON.stringify(requestId)} was used for ${before} before, so this is not applied. Send it again with a new key.`,
    { requestId },
  );

function summaryOf(name: SignalName): string {
  if (!isCompletion(name)) return otherSummaries[name];
  const { title, task } = roles[roleOf(name)];
  return `${title}: ${task}`;
}

const otherSummaries: Record<Exclude<SignalName, CompletionName>, string> = {
  escalationAcknowledged:
    'The sender has it in hand: for what is asked of them the next level waits, for all others it does not.',
  commented: 'A note for the timeline.',
  roleAssigned: 'Hands a role over to another person.',
  reviewBypassed: 'Goes on without the review, with a reason; the review is made up for later.',
  deployConfirmed: 'Says whether a deploy is live that was held, or whose outcome is not known.',
  retrospectiveReviewed: 'Makes up for the review that was bypassed.',
  checklistItemDone: 'Checks an item of the checklist, with a link as evidence.',
  incidentAborted: 'Ends an incident that is not mitigated yet, with a reason.',
};
