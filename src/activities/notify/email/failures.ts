import type { ApplicationFailure } from '@temporalio/common';
import type { NodemailerError } from 'nodemailer';
import { messageOf, permanent, transient } from '../../failures.ts';
import { quote } from '../../http.ts';

/** The typed failure of a mail to `address`, with what to do about it. `credential` says where the login is. */
export function mailFailure(
  error: unknown,
  address: string,
  server: string,
  credential: string,
): ApplicationFailure {
  const { code = '', responseCode = 0, response } = error as NodemailerError;
  const said = quote(response ?? messageOf(error));
  // By RFC 5321 a 4xx is a "not now": greylisting, a full mailbox, a server that is busy.
  const isForNow = responseCode >= 400 && responseCode < 500;
  switch (code) {
    case 'EAUTH':
    case 'ENOAUTH':
      return isForNow
        ? transient('Busy', `${server} takes no login at the moment: ${said}`)
        : permanent(
            'Unauthorized',
            `${server} does not accept the login: ${said} Check ${credential}.`,
          );
    case 'ETLS':
    case 'EREQUIRETLS':
      return permanent(
        'Refused',
        `${server} offers no TLS that can be used: ${said} Mail is not sent without it unless requireTls is false.`,
      );
    case 'ETIMEDOUT':
      return transient('TimedOut', `${server} gave no answer in time: ${said}`);
    case 'ESOCKET':
    case 'ECONNECTION':
    case 'EDNS':
      return connectionFailure(error as NodemailerError, server, said);
    default:
      break;
  }
  if (isForNow) return transient('Busy', `${server} puts the mail to ${address} off: ${said}`);
  return responseCode >= 500
    ? permanent('Refused', `${server} refuses the mail to ${address}: ${said} Check the address.`)
    : transient(
        'Unreachable',
        `${server} broke off while the mail to ${address} was sent: ${said}`,
      );
}

const isOfCertificate = /certificate|self-signed|altnames/i;

const connectionFailure = (error: Error, server: string, said: string) =>
  isOfCertificate.test(error.message)
    ? permanent(
        'Refused',
        `${server} has a certificate that cannot be trusted: ${said} Check its name and issuer.`,
      )
    : transient(
        'Unreachable',
        `${server} cannot be reached: ${said} Check that it runs, and the address.`,
      );
