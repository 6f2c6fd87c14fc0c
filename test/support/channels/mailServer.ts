import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { onTestFinished } from 'vitest';

export interface ReceivedMail {
  from: string;
  to: string[];
  raw: string;
}

export interface MailServer {
  port: number;
  mails: ReceivedMail[];
}

interface MailServerOptions {
  user?: string;
  password?: string;
  /** The answer to what comes after DATA, such as 451. */
  refuse?: { code: number; message: string };
  refusedReceivers?: readonly string[];
}

/** A real SMTP server without TLS on a free port. It goes away with the test. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { user, password, refuse, refusedReceivers = [] } = options;
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    authOptional: user === undefined,
    onAuth: (auth, _session, done) =>
      auth.username === user && auth.password === password
        ? done(null, { user: auth.username })
        : done(smtpFault(535, `5.7.8 no such user: ${auth.username} ${auth.password}`)),
    onRcptTo: ({ address }, _session, done) =>
      refusedReceivers.includes(address) ? done(smtpFault(550, '5.1.1 no such mailbox')) : done(),
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (refuse !== undefined) return done(smtpFault(refuse.code, refuse.message));
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        mails.push({ from, to, raw: Buffer.concat(chunks).toString() });
        return done(null, 'queued as 42');
      });
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, mails };
}

const smtpFault = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode });
