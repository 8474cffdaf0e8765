import { describe, expect, test } from 'vitest';
import {
  createEmailChannel,
  emailChannelConfigSchema,
} from '../../../src/activities/notify/email/channel.ts';
import { Story } from '../../support/incidents.ts';
import { login, reply, startMail } from '../../support/smtp.ts';
import { channelDeps, deliverBy, messageOf, messagesOf, never } from './support.ts';

const assignments = { reviewer: ['rachel'], securityReviewer: ['alex'] };
const review = () => new Story({ assignments }).until('quickReview');
const late = () => review().hear({ kind: 'clock' }, 15);
/** To Rachel and Alex alone. */
const toReviewers = () => messageOf(review());

function email(change: object, secrets: Record<string, string> = {}) {
  const config = {
    adapter: 'email',
    from: 'Hotfix <hotfix@example.com>',
    rateLimit: 100,
    timeout: '5s',
    ...change,
  };
  return createEmailChannel(emailChannelConfigSchema.parse(config), channelDeps(secrets));
}

const local = (port: number) => email({ host: '127.0.0.1', port, requireTls: false });

describe('a mail', () => {
  test('goes to each who has an address, with their own link, as HTML and as text', async () => {
    const { port, mails } = await startMail();
    const [delivery] = await deliverBy(local(port), messageOf(late()));
    // The incident manager is a role that nobody holds: it has no address.
    expect(delivery).toMatchObject({ outcome: 'delivered', to: ['rachel', 'alex'] });
    const mail = mails.find(({ to }) => [to].flat()[0]?.text.includes('rachel'));
    expect(mail?.subject).toBe(
      '[Hotfix] abc123: Quick review is late: level 1, reviewers and incident manager',
    );
    expect(mail?.from?.text).toContain('hotfix@example.com');
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail?.headers.get('priority')).toBe('high');
    expect(mail?.text).toContain('You, Reviewer: rachel');
    expect(mail?.text).toContain('Do your part: https://hotfix.example.com/do/rachel-token');
    expect(mail?.html).toContain('href="https://hotfix.example.com/do/rachel-token"');
    const other = mails.find((one) => one !== mail);
    expect(other?.html).toContain('href="https://hotfix.example.com/incidents/abc123"');
    expect(other?.html).not.toContain('rachel-token');
  });

  test('is one of a thread, and has a Message-ID that a repetition has too', async () => {
    const { port, mails } = await startMail();
    const story = late();
    const messages = messagesOf(story).filter(({ to }) => to.some(({ id }) => id === 'rachel'));
    // Two workers that know nothing of each other send the same.
    await deliverBy(local(port), ...messages);
    await deliverBy(local(port), ...messages);
    const toRachel = mails.filter(({ to }) => [to].flat()[0]?.text.includes('rachel'));
    expect(toRachel).toHaveLength(2 * messages.length);
    expect(new Set(toRachel.map(({ messageId }) => messageId)).size).toBe(messages.length);
    expect(new Set(mails.map(({ inReplyTo }) => inReplyTo))).toEqual(
      new Set(['<abc123@example.com>']),
    );
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(mails.length / 2);
    const domains = mails.map(({ messageId }) => messageId?.split('@')[1]);
    expect(new Set(domains)).toEqual(new Set(['example.com>']));
  });

  test('shows what people wrote as they wrote it, and loads nothing from elsewhere', async () => {
    const { port, mails } = await startMail();
    const title = '<script>alert(1)</script> & "quotes" \r\nBcc: eve@example.com';
    const intro = '<img src=https://evil.example/x.png>\n[link](javascript:alert(1)) **bold**';
    await deliverBy(local(port), { ...toReviewers(), title, subject: title, intro });
    const [mail] = mails;
    const shown = String(mail?.html);
    expect(shown).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;');
    expect(shown).toContain('&lt;img src=https://evil.example/x.png&gt;');
    expect(shown).toContain('[link](javascript:alert(1)) **bold**');
    expect(shown).not.toMatch(/<(script|img|link|iframe)\b/i);
    expect(shown).not.toMatch(/\bsrc=["']|url\(|@import/i);
    expect(mail?.bcc).toBeUndefined();
    expect(mails).toHaveLength(2);
  });
});

describe('a mail server', () => {
  test('that greylists is tried again, and who has got theirs gets no second one', async () => {
    let first = true;
    const { port, mails, attempts } = await startMail({
      refuse: (address) => {
        if (address !== 'alex@example.com' || !first) return undefined;
        first = false;
        return reply(451, '4.7.1 Greylisted, try again later');
      },
    });
    const [delivery] = await deliverBy(local(port), toReviewers());
    expect(delivery).toMatchObject({ outcome: 'delivered', to: ['rachel', 'alex'] });
    expect(attempts.filter((one) => one === 'alex@example.com')).toHaveLength(2);
    expect(attempts.filter((one) => one === 'rachel@example.com')).toHaveLength(1);
    expect(mails).toHaveLength(2);
  });

  test('that refuses one recipient has told the others, and says whom not', async () => {
    const { port, mails, attempts } = await startMail({
      refuse: (address) =>
        address === 'alex@example.com' ? reply(550, '5.1.1 No such user here') : undefined,
    });
    const [delivery] = await deliverBy(local(port), toReviewers());
    expect(delivery).toMatchObject({
      outcome: 'failed',
      reason:
        'email: The mail server 127.0.0.1 refuses the mail to alex@example.com: "550 5.1.1 No such user here" Check the address. 1 of 2 got theirs.',
    });
    expect(mails.map(({ to }) => [to].flat()[0]?.text)).toEqual([
      '"Rachel Moore" <rachel@example.com>',
    ]);
    expect(attempts).toHaveLength(2);
  });

  test('that asks for a login gets it over TLS', async () => {
    const mail = await startMail({ asksForLogin: true });
    const secrets = { SMTP_URL: mail.url(login.password, '?tls.rejectUnauthorized=false') };
    const [delivery] = await deliverBy(email({ urlEnv: 'SMTP_URL' }, secrets), toReviewers());
    expect(delivery).toMatchObject({ outcome: 'delivered' });
    expect(mail.isOverTls()).toBe(true);
  });

  test('that does not take the login says so once, and the password is in no message', async () => {
    const mail = await startMail({ asksForLogin: true });
    const secrets = { SMTP_URL: mail.url('wrong-password', '?tls.rejectUnauthorized=false') };
    const [delivery] = await deliverBy(email({ urlEnv: 'SMTP_URL' }, secrets), toReviewers());
    expect(delivery?.reason).toBe(
      'email: The mail server does not accept the login: "535 5.7.8 Authentication failed" Check user and password in SMTP_URL.',
    );
    expect(JSON.stringify(delivery)).not.toContain('wrong-password');
    expect(mail.attempts).toEqual([]);
  });

  test('without TLS gets nothing unless that is allowed', async () => {
    const mail = await startMail({
      options: { hideSTARTTLS: true, disabledCommands: ['STARTTLS', 'AUTH'] },
    });
    const strict = email({ host: '127.0.0.1', port: mail.port });
    const [refused] = await deliverBy(strict, toReviewers());
    expect(refused).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('offers no TLS that can be used'),
    });
    expect(mail.mails).toEqual([]);
    const [taken] = await deliverBy(local(mail.port), toReviewers());
    expect(taken).toMatchObject({ outcome: 'delivered' });
    expect(mail.isOverTls()).toBe(false);
  });

  test('whose certificate nobody vouches for gets nothing', async () => {
    const mail = await startMail();
    const [delivery] = await deliverBy(
      email({ host: '127.0.0.1', port: mail.port }),
      toReviewers(),
    );
    expect(delivery).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining(
        'The mail server 127.0.0.1 has a certificate that cannot be trusted',
      ),
    });
    expect(mail.mails).toEqual([]);
  });

  test('that is gone or closes its doors is a failure with a sentence', async () => {
    const [refused] = await deliverBy(local(1), toReviewers());
    expect(refused?.reason).toMatch(/cannot be reached: .*ECONNREFUSED/);
    const busy = await startMail({
      options: { onConnect: (_, done) => done(reply(421, '4.3.2 Too busy')) },
    });
    const [full] = await deliverBy(local(busy.port), toReviewers());
    expect(full).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('421 4.3.2 Too busy'),
    });
  });
});

test('a message to nobody with an address fails, so that the other channels are tried', async () => {
  const { port, mails } = await startMail();
  const message = messageOf(new Story().until('quickReview'));
  const [delivery] = await deliverBy(local(port), message);
  expect(delivery).toMatchObject({
    outcome: 'failed',
    to: [],
    reason:
      'email: Nobody of reviewer, securityReviewer has an e-mail address: add contacts.email to the people in hotfix.yaml.',
  });
  expect(mails).toEqual([]);
});

test('a cancelled message is not sent', async () => {
  const { port, attempts } = await startMail();
  const signal = AbortSignal.abort(new Error('stopped'));
  await expect(local(port).send(toReviewers(), signal)).rejects.toThrow('stopped');
  await local(port).send(toReviewers(), never);
  expect(attempts).toHaveLength(2);
});

test('the address of the mail server is checked when the channel is made', () => {
  expect(() => email({ urlEnv: 'SMTP_URL' }, { SMTP_URL: 'https://mail.example.com' })).toThrow(
    /^SMTP_URL is not the address of a mail server/,
  );
});
