import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isOutdated, type Press, pressSchema } from '../../process/answers.ts';
import { countingLengths } from '../../process/lengths.ts';
import { describeIssues, signalSchemas } from '../../process/signals.ts';
import { ApiProblem } from '../problems.ts';

/** What is needed of Slack's `block_actions`: https://docs.slack.dev/reference/interaction-payloads */
const payloadSchema = countingLengths(
  z.object({
    type: z.string(),
    user: z.object({ id: z.string().max(100) }),
    response_url: z.url({ protocol: /^https?$/ }).optional(),
    actions: z
      .array(
        z.object({
          action_id: z.string().max(255),
          value: z.string().max(2_000).optional(),
          action_ts: z.string().regex(/^\d{1,12}(\.\d+)?$/),
        }),
      )
      .default([]),
  }),
);

export interface Pressed {
  memberId: string;
  press: Press;
  /** When it was pressed, in seconds. */
  at: number;
  /** Where whoever pressed is answered. */
  responseUrl: string | undefined;
}

/**
 * Reads the body of a request; null where it is none of our business, such as a press of a link. Throws a
 * 400 or 422 where it cannot be understood.
 */
export function readPress(body: string): Pressed | null {
  const form = new URLSearchParams(body);
  if (form.has('ssl_check')) return null;
  const payload = payloadSchema.safeParse(parseJson(form.get('payload') ?? ''));
  if (!payload.success) throw invalid(`payload: ${describeIssues(payload.error)}`);
  const { type, user, actions, response_url: responseUrl } = payload.data;
  const action = actions.find(({ action_id }) => action_id.startsWith('press:'));
  if (type !== 'block_actions' || !action) return null;
  const press = pressSchema.safeParse(parseJson(action.value ?? ''));
  if (!press.success) throw invalid(`value: ${describeIssues(press.error)}`);
  const said = signalSchemas[press.data.signal].safeParse(press.data.body);
  if (!said.success) throw invalid(`value.body: ${describeIssues(said.error)}`);
  return { memberId: user.id, press: press.data, at: Number(action.action_ts), responseUrl };
}

/**
 * The key of a press. Two presses within a minute are one, as a double click is; later ones are new, so
 * that what was refused can be tried again.
 */
export function requestIdOf({ press, at }: Pressed, person: string): string {
  const minute = Math.floor(at / 60);
  const text = JSON.stringify([press, person, minute]);
  return `slack-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

/** Throws a 409 where the question has been asked anew since the button was made. */
export function checkIsCurrent(press: Press, asks: Parameters<typeof isOutdated>[1]): void {
  if (!isOutdated(press, asks)) return;
  throw new ApiProblem(
    409,
    'outdated',
    'This has been asked anew since: look at the message as it is now, and answer that.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiProblem(400, 'invalid_json', 'What Slack sends is a form whose payload is JSON.');
  }
}

const invalid = (detail: string) => new ApiProblem(422, 'validation_failed', detail);
