import { createTransport } from 'nodemailer';
import { mailText } from '../../domain/alerts/messages/mail.ts';
import type { Channel, Delivery, Message } from '../../projections/notifications/ports.ts';
import { defaultTimeoutMs } from './http.ts';
import { decoded, secretsOf, shown } from './reasons.ts';

export interface EmailOptions {
  name: string;
  /** `smtp://user:password@host:587`, or `smtps://…` for TLS from the first byte. */
  url: string;
  from: string;
  to: readonly string[];
  timeoutMs?: number;
}

export function createEmailChannel({
  name,
  url,
  from,
  to,
  timeoutMs = defaultTimeoutMs,
}: EmailOptions): Channel {
  const server = new URL(url);
  const secrets = secretsOf(server);
  const transport = createTransport(transportOf(server, timeoutMs));
  return {
    name,
    send: async (message, signal) => {
      const sent = transport.sendMail(mailOf(message, from, to)).then(
        ({ accepted, response }): Delivery =>
          deliveredTo(accepted.length, to.length, shown(response, secrets)),
        (error: unknown) => refusalOf(error, secrets),
      );
      return inTime(sent, signal, 2 * timeoutMs);
    },
    close: async () => transport.close(),
  };
}

function transportOf(server: URL, timeoutMs: number) {
  const secure = server.protocol === 'smtps:';
  const user = decoded(server.username);
  const host = server.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: Number(server.port) || (secure ? 465 : 587),
    secure,
    ...(user === '' ? {} : { auth: { user, pass: decoded(server.password) } }),
    // A password is not sent where others can read it.
    requireTLS: user !== '' && !/^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function mailOf(message: Message, from: string, to: readonly string[]) {
  const domain = from.slice(from.lastIndexOf('@') + 1);
  // Nobody ever sent this one. Mail programs show together what refers to the same.
  const thread = `<group.${plainId(message.request.group)}@${domain}>`;
  return {
    from,
    to: [...to],
    ...mailText(message),
    messageId: `<${plainId(message.id)}@${domain}>`,
    inReplyTo: thread,
    references: thread,
    headers: { 'Auto-Submitted': 'auto-generated', 'Chronoscope-Notification': plainId(message.id) },
  };
}

const plainId = (text: string): string => text.replace(/[^\w.-]/g, '_');

const deliveredTo = (accepted: number, all: number, response: string): Delivery => ({
  kind: 'delivered',
  answer: accepted === all ? response : `${accepted} of ${all} receivers taken: ${response}`,
});

/** The library's own time-outs are for each step; this one is for all of them. */
function inTime(sent: Promise<Delivery>, signal: AbortSignal, timeoutMs: number): Promise<Delivery> {
  return new Promise((resolve) => {
    const give = (reason: string) => finish({ kind: 'refused', reason, permanent: false });
    const stop = () => give('stopped before there was an answer');
    const timer = setTimeout(() => give(`no answer within ${timeoutMs / 1_000} s`), timeoutMs);
    const finish = (delivery: Delivery) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(delivery);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    sent.then(finish);
  });
}

/** SMTP says itself what is worth another attempt: 4xx is, 5xx is not. */
function refusalOf(error: unknown, secrets: readonly string[]): Delivery {
  const { code, responseCode, response } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    responseCode?: unknown;
    response?: unknown;
  };
  if (typeof responseCode === 'number') {
    const reason = shown(typeof response === 'string' ? response : String(responseCode), secrets);
    return { kind: 'refused', reason, permanent: responseCode >= 500 };
  }
  const why = typeof code === 'string' ? code : 'no reason given';
  return { kind: 'refused', reason: `the mail server could not be reached (${why})`, permanent: false };
}
