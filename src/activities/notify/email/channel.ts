import { createHash } from 'node:crypto';
import { createTransport, type SendMailOptions, type SMTPTransportOptions } from 'nodemailer';
import { z } from 'zod';
import { isTransient, messageOf, permanent, transient } from '../../failures.ts';
import { channelName, channelTimeout } from '../config.ts';
import { createPace, rateLimit } from '../pace.ts';
import { Recent } from '../recent.ts';
import type { Addressed, ChannelDeps, NotificationChannel, Recipient } from '../types.ts';
import { mailFailure } from './failures.ts';
import { renderHtml, renderText } from './template.ts';

const mailbox = /^(?:[^<>"\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/;

export const emailChannelConfigSchema = z
  .strictObject({
    adapter: z.literal('email'),
    name: channelName('email'),
    from: z
      .string()
      .max(300)
      .regex(mailbox, { error: 'must be an address, such as Hotfix <hotfix@example.com>' })
      .describe('The sender, such as Hotfix <hotfix@example.com>'),
    urlEnv: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The environment variable with the address of the mail server, such as smtps://user:password@mail.example.com',
      ),
    host: z.string().min(1).optional().describe('Instead: a mail server that asks for no login'),
    port: z.int().min(1).max(65_535).optional().describe('Of that server; 25 without it'),
    requireTls: z
      .boolean()
      .default(true)
      .describe(
        'Whether mail is sent over verified TLS only; false for a mail server on the same machine',
      ),
    subjectPrefix: z
      .string()
      .trim()
      .max(50)
      .default('[Hotfix]')
      .describe('What each subject begins with, before the id of the incident'),
    timeout: channelTimeout,
    rateLimit: rateLimit(5),
  })
  .refine(({ urlEnv, host }) => (urlEnv === undefined) !== (host === undefined), {
    error: 'needs one of urlEnv and host, to know the mail server',
    path: ['urlEnv'],
  })
  .refine(({ port, host }) => port === undefined || host !== undefined, {
    error: 'goes with host; the address in urlEnv has its own port',
    path: ['port'],
  })
  .describe('Sends each recipient who has an e-mail address a mail of their own');
export type EmailChannelConfig = z.infer<typeof emailChannelConfigSchema>;

type Addressee = Recipient & { contacts: { email: string } };
const hasAddress = (one: Recipient): one is Addressee => one.contacts.email !== undefined;

/**
 * One mail a recipient. A mail that comes again after a lost answer has the same Message-ID; whoever has
 * got theirs is left out when the others are tried again.
 */
export function createEmailChannel(
  config: EmailChannelConfig,
  deps: ChannelDeps,
): NotificationChannel {
  const { name, urlEnv, host } = config;
  const transport = createTransport(serverOf(config, deps));
  const server = `The mail server${host ? ` ${host}` : ''}`;
  const credential = urlEnv ? `user and password in ${urlEnv}` : 'whether it asks for a login';
  const pace = createPace('The mail server', config.rateLimit);
  const done = new Recent<Set<string>>();

  const sendTo = async (recipient: Addressee, message: Addressed, signal: AbortSignal) => {
    const { email } = recipient.contacts;
    const told = done.get(message.id) ?? done.set(message.id, new Set());
    if (told.has(email)) return;
    const mail = mailOf(config, message, recipient, deps.pageOf(message.incidentId));
    try {
      await pace(signal, () => transport.sendMail({ ...mail, signal }));
    } catch (error) {
      signal.throwIfAborted();
      throw isTransient(error) ? error : mailFailure(error, email, server, credential);
    }
    told.add(email);
  };

  return {
    name,
    reaches: hasAddress,
    async send(message, signal) {
      const addressees = message.to.filter(hasAddress);
      if (addressees.length === 0) throw nobody(message);
      const results = await Promise.allSettled(
        addressees.map((recipient) => sendTo(recipient, message, signal)),
      );
      signal.throwIfAborted();
      throwFailures(results);
      return undefined;
    },
  };
}

const nobody = ({ to }: Addressed) =>
  permanent(
    'Undelivered',
    `Nobody of ${to.map(({ name }) => name).join(', ')} has an e-mail address: add contacts.email to the people in hotfix.yaml.`,
  );

/** All that went wrong in one failure: to be tried again as soon as one of them may pass. */
function throwFailures(results: PromiseSettledResult<void>[]): void {
  const failures = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (failures.length === 0) return;
  const reached = results.length - failures.length;
  const sentences = [...new Set(failures.map(messageOf))].join(' ');
  const message = `${sentences}${reached > 0 ? ` ${reached} of ${results.length} got theirs.` : ''}`;
  const passing = failures.find(isTransient);
  throw passing
    ? transient('Busy', message, delayOf(passing.nextRetryDelay))
    : permanent('Refused', message);
}

const delayOf = (delay: unknown): number | undefined =>
  typeof delay === 'number' ? delay : undefined;

function serverOf(
  { urlEnv, host, port, requireTls, timeout }: EmailChannelConfig,
  deps: ChannelDeps,
): SMTPTransportOptions {
  const place = urlEnv ? { url: mailServerUrl(urlEnv, deps) } : { host, port: port ?? 25 };
  return {
    ...place,
    requireTLS: requireTls,
    // Where plain text would do, a certificate that nobody vouches for is still better.
    tls: { rejectUnauthorized: requireTls },
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
  };
}

export const isMailServerUrl = (text: string): boolean =>
  /^smtps?:\/\//.test(text) && URL.canParse(text);

/** Throws a sentence where the variable holds no address of a mail server. */
function mailServerUrl(variable: string, deps: ChannelDeps): string {
  const url = deps.secret(variable);
  if (isMailServerUrl(url)) return url;
  throw new Error(
    `${variable} is not the address of a mail server: it is smtps://user:password@host, or smtp:// where TLS begins later.`,
  );
}

function mailOf(
  config: EmailChannelConfig,
  message: Addressed,
  recipient: Addressee,
  page: string | undefined,
): SendMailOptions {
  const letter = { message, recipient, page };
  const domain = config.from.replace(/>$/, '').split('@').at(-1);
  const incident = `<${message.incidentId}@${domain}>`;
  const address = createHash('sha256').update(recipient.contacts.email).digest('hex').slice(0, 16);
  return {
    from: config.from,
    to: { name: recipient.name, address: recipient.contacts.email },
    subject: `${config.subjectPrefix} ${message.incidentId}: ${message.subject}`.trim(),
    text: renderText(letter),
    html: renderHtml(letter),
    date: new Date(message.at),
    messageId: `<${message.id}.${address}@${domain}>`,
    // One thread an incident: all its mails answer to the same, which need not exist (RFC 5322, 3.6.4).
    inReplyTo: incident,
    references: incident,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Hotfix-Incident': message.incidentId },
    ...(message.urgency === 'page' && { priority: 'high' }),
  };
}
