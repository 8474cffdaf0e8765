import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';

export const login = { user: 'hotfix', password: 'p@ss word' };

/** An SMTP reply other than yes. */
export const reply = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode });

interface MailOptions {
  /** Asked for each recipient: an error is the reply to it, once. */
  refuse?: (address: string) => Error | undefined;
  /** Whether a login is asked for. */
  asksForLogin?: boolean;
  options?: SMTPServerOptions;
}

/** A real SMTP server on loopback that keeps what it takes; stopped when the test is over. */
export async function startMail({ refuse, asksForLogin = false, options }: MailOptions = {}) {
  const mails: ParsedMail[] = [];
  const raw: string[] = [];
  const attempts: string[] = [];
  let isOverTls: boolean | undefined;
  const server = new SMTPServer({
    authOptional: !asksForLogin,
    disabledCommands: asksForLogin ? [] : ['AUTH'],
    onAuth({ username, password }, _, done) {
      if (username === login.user && password === login.password) done(null, { user: username });
      else done(reply(535, '5.7.8 Authentication failed'));
    },
    onRcptTo({ address }, session, done) {
      attempts.push(address);
      isOverTls = session.secure;
      done(refuse?.(address));
    },
    onData(stream, _, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const whole = Buffer.concat(chunks);
        raw.push(whole.toString('utf8'));
        simpleParser(whole, (error, mail) => {
          if (mail) mails.push(mail);
          done(error);
        });
      });
    },
    ...options,
  });
  // A client that gives up on a certificate is no error of this server.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const url = (password = login.password, query = '') =>
    `smtp://${login.user}:${encodeURIComponent(password)}@127.0.0.1:${port}${query}`;
  return { port, url, mails, raw, attempts, isOverTls: () => isOverTls };
}
