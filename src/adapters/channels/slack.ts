import { slackPayload } from '../../domain/alerts/messages/slack.ts';
import type { Channel } from '../../projections/notifications/ports.ts';
import { defaultTimeoutMs, refusalOf, request, succeeded } from './http.ts';
import { secretsOf, shown } from './reasons.ts';

export interface ChatWebhookOptions {
  name: string;
  url: string;
  userAgent: string;
  now: () => number;
  timeoutMs?: number;
}

/** An incoming webhook of Slack, or of one that understands the same: Mattermost, Rocket.Chat. */
export function createSlackChannel(options: ChatWebhookOptions): Channel {
  const { name, userAgent, now, timeoutMs = defaultTimeoutMs } = options;
  const address = new URL(options.url);
  const secrets = secretsOf(address);
  return {
    name,
    async send(message, signal) {
      const headers = { 'content-type': 'application/json', 'user-agent': userAgent };
      const body = JSON.stringify(slackPayload(message));
      const answer = await request(address, { headers, body, signal, timeoutMs });
      if (answer.kind === 'refused') return answer;
      if (!succeeded(answer)) return refusalOf(answer, secrets, now());
      return { kind: 'delivered', answer: shown(answer.text, secrets) };
    },
    close: async () => {},
  };
}
