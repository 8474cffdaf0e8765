import { Webhook } from 'standardwebhooks';
import { messageOf } from './failures.ts';

/** Signs requests by the Standard Webhooks specification. */
export type Signer = (id: string, body: string) => Record<string, string>;

/**
 * A signer with the secret of the environment variable `secretEnv`, which is base64, optionally
 * after `whsec_`. Throws a sentence when the secret is not that.
 */
export function createSigner(
  secretEnv: string,
  deps: { secret: (name: string) => string; now: () => Date },
): Signer {
  const webhook = openWebhook(secretEnv, deps.secret(secretEnv));
  return (id, body) => {
    const now = deps.now();
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': webhook.sign(id, now, body),
    };
  };
}

function openWebhook(name: string, secret: string): Webhook {
  try {
    return new Webhook(secret);
  } catch (error) {
    throw new Error(
      `${name} is not a webhook secret (${messageOf(error)}): it is base64, such as the output of "openssl rand -base64 32", optionally after "whsec_".`,
    );
  }
}
