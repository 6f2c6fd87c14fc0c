import { createHmac } from 'node:crypto';
import { webhookBody } from '../../domain/alerts/messages/webhook.ts';
import type { Channel } from '../../projections/notifications/ports.ts';
import { defaultTimeoutMs, refusalOf, request, succeeded } from './http.ts';
import { secretsOf, shown } from './reasons.ts';

export interface WebhookOptions {
  name: string;
  url: string;
  /** Signs the body, so that the receiver knows who sent it. */
  secret?: string | undefined;
  userAgent: string;
  now: () => number;
  timeoutMs?: number;
}

/** Everything that there is to know of a notification, as JSON for programs. */
export function createWebhookChannel(options: WebhookOptions): Channel {
  const { name, secret, userAgent, now, timeoutMs = defaultTimeoutMs } = options;
  const address = new URL(options.url);
  const secrets = [...secretsOf(address), ...(secret === undefined ? [] : [secret])];
  return {
    name,
    async send(message, signal) {
      const body = JSON.stringify(webhookBody(message));
      const headers = {
        'content-type': 'application/json',
        'user-agent': userAgent,
        'chronoscope-notification': message.id,
        ...(secret === undefined ? {} : { 'chronoscope-signature': signatureOf(body, secret, now()) }),
      };
      const answer = await request(address, { headers, body, signal, timeoutMs });
      if (answer.kind === 'refused') return answer;
      if (!succeeded(answer)) return refusalOf(answer, secrets, now());
      return { kind: 'delivered', answer: `${answer.status} ${shown(answer.text, secrets)}`.trimEnd() };
    },
    close: async () => {},
  };
}

/** The time is signed too, so that a receiver can refuse what somebody kept and sends again. */
function signatureOf(body: string, secret: string, now: number): string {
  const time = Math.floor(now / 1_000);
  const digest = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  return `t=${time},v1=${digest}`;
}
