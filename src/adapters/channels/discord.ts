import { z } from 'zod';
import { discordPayload } from '../../domain/alerts/messages/discord.ts';
import type { Channel, Delivery } from '../../projections/notifications/ports.ts';
import { type Answer, defaultTimeoutMs, refusalOf, request, succeeded } from './http.ts';
import { jsonOf } from './json.ts';
import { secretsOf } from './reasons.ts';
import type { ChatWebhookOptions } from './slack.ts';

const created = z.object({ id: z.string().max(40) });
const limited = z.object({ retry_after: z.number().min(0).max(86_400) });

export function createDiscordChannel(options: ChatWebhookOptions): Channel {
  const { name, userAgent, now, timeoutMs = defaultTimeoutMs } = options;
  const address = new URL(options.url);
  const secrets = secretsOf(address);
  // Without it Discord answers before it has looked at the message.
  address.searchParams.set('wait', 'true');

  const deliveryOf = (answer: Answer): Delivery => {
    if (succeeded(answer)) {
      const id = jsonOf(answer, created)?.id;
      return { kind: 'delivered', ...(id === undefined ? {} : { answer: `message ${id}` }) };
    }
    const refusal = refusalOf(answer, secrets, now());
    // The body has fractions of a second, the header has none.
    const wait = answer.status === 429 ? jsonOf(answer, limited)?.retry_after : undefined;
    return wait === undefined ? refusal : { ...refusal, retryAfterMs: Math.ceil(wait * 1_000) };
  };

  return {
    name,
    async send(message, signal) {
      const headers = { 'content-type': 'application/json', 'user-agent': userAgent };
      const body = JSON.stringify(discordPayload(message));
      const answer = await request(address, { headers, body, signal, timeoutMs });
      return answer.kind === 'refused' ? answer : deliveryOf(answer);
    },
    close: async () => {},
  };
}
