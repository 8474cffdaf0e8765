import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api';
import type { ApplicationFailure } from '@temporalio/common';
import { type FailureType, messageOf, permanent, transient } from '../../failures.ts';
import { quote } from '../../http.ts';

interface Place {
  channel: string;
  tokenEnv: string;
}

/** The typed failure of a call to Slack, with what to do about it. */
export function slackFailure(error: unknown, place: Place): ApplicationFailure {
  if (error instanceof WebAPIRateLimitedError) {
    return transient('Busy', 'Slack is busy (429).', error.retryAfter * 1000);
  }
  if (error instanceof WebAPIPlatformError) return platformFailure(error, place);
  if (error instanceof WebAPIHTTPError && error.statusCode < 500) {
    return permanent(
      'Refused',
      `Slack refuses the request (${error.statusCode}): ${quote(String(error.body ?? ''))}`,
    );
  }
  if (error instanceof WebAPIHTTPError) {
    return transient('Unreachable', `Slack fails (${error.statusCode}).`);
  }
  const cause = error instanceof WebAPIRequestError ? error.original : error;
  return transient(
    'Unreachable',
    `Slack cannot be reached: ${quote(reasonOf(cause))} Check the network between the worker and Slack.`,
  );
}

/** What failed on the way stands in the cause of what fetch throws. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);

type Advice = [type: FailureType, what: (place: Place, error: WebAPIPlatformError) => string];

const badToken: Advice = [
  'Unauthorized',
  ({ tokenEnv }) =>
    `it does not accept the bot token in ${tokenEnv}: set the one of the installed app.`,
];
const tooLong: Advice = [
  'Refused',
  (_, { data }) =>
    `it does not take the message: ${quote((data.response_metadata?.messages ?? []).join(' '))}`,
];
const notAllowed: Advice = [
  'Forbidden',
  ({ channel }) => `the app may not post in ${channel}: let it, in the settings of the channel.`,
];

/** The documented errors of chat.postMessage and chat.update; what is not here is told by its name. */
const advice: Record<string, Advice> = {
  invalid_auth: badToken,
  not_authed: badToken,
  account_inactive: badToken,
  token_revoked: badToken,
  token_expired: badToken,
  missing_scope: [
    'Forbidden',
    (_, { data }) =>
      `the app lacks the scope ${'needed' in data ? String(data.needed) : 'chat:write'}: add it and install the app again.`,
  ],
  not_in_channel: [
    'Forbidden',
    ({ channel }) => `the app is not in ${channel}: invite it there, by /invite.`,
  ],
  channel_not_found: [
    'NotFound',
    ({ channel }) =>
      `there is no channel ${channel} that the app can see: check \`channel\`, and invite the app where it is private.`,
  ],
  is_archived: [
    'NotFound',
    ({ channel }) => `the channel ${channel} is archived: name another one.`,
  ],
  restricted_action: notAllowed,
  restricted_action_read_only_channel: notAllowed,
  restricted_action_thread_only_channel: notAllowed,
  msg_too_long: tooLong,
  msg_blocks_too_long: tooLong,
  invalid_blocks: tooLong,
  invalid_arguments: tooLong,
};

const passing = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
]);

function platformFailure(error: WebAPIPlatformError, place: Place): ApplicationFailure {
  const { error: name } = error.data;
  if (passing.has(name)) {
    const { retryAfter } = error.data.response_metadata ?? {};
    return transient('Busy', `Slack is busy (${name}).`, retryAfter && retryAfter * 1000);
  }
  const [type, what] = advice[name] ?? ['Refused', () => 'it refuses the request.'];
  return permanent(type, `Slack says ${name}: ${what(place, error)}`);
}

const gone = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'thread_not_found',
]);

/** The message that is kept of the incident is not there any more, or not to be changed. */
export const isGone = (error: unknown): boolean =>
  error instanceof WebAPIPlatformError && gone.has(error.data.error);
