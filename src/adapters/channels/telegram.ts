import { z } from 'zod';
import { telegramText } from '../../domain/alerts/messages/telegram.ts';
import type { Channel, Delivery } from '../../projections/notifications/ports.ts';
import { type Answer, defaultTimeoutMs, type Outcome, refusalOf, request, succeeded } from './http.ts';
import { jsonOf } from './json.ts';
import { secretsOf, shown } from './reasons.ts';

export interface TelegramOptions {
  name: string;
  token: string;
  /** The root of the Bot API. */
  api: string;
  /** A number, or the `@name` of a public channel. */
  chat: string;
  userAgent: string;
  now: () => number;
  timeoutMs?: number;
}

const reply = z.object({
  ok: z.boolean(),
  result: z.object({ message_id: z.number() }).optional().catch(undefined),
  description: z.string().optional(),
  parameters: z
    .object({
      retry_after: z.number().min(0).max(86_400).optional().catch(undefined),
      migrate_to_chat_id: z.number().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** One chat of a bot: Telegram limits each chat apart, so that each is a channel of its own. */
export function createTelegramChannel(options: TelegramOptions): Channel {
  const { name, token, userAgent, now, timeoutMs = defaultTimeoutMs } = options;
  const address = new URL(`${options.api.replace(/\/+$/, '')}/bot${token}/sendMessage`);
  const secrets = [token, ...secretsOf(address)];
  // A group that becomes a supergroup gets another id, for good.
  let chat = options.chat;

  const post = (payload: object, signal: AbortSignal): Promise<Outcome> => {
    const headers = { 'content-type': 'application/json', 'user-agent': userAgent };
    const body = JSON.stringify({ chat_id: chatId(chat), ...payload });
    return request(address, { headers, body, signal, timeoutMs });
  };

  const deliveryOf = (outcome: Outcome): Delivery => {
    if (outcome.kind === 'refused') return outcome;
    const said = jsonOf(outcome, reply);
    if (succeeded(outcome)) return deliveredOf(said);
    const refusal = refusalOf(outcome, secrets, now());
    const wait = said?.parameters?.retry_after;
    return {
      ...refusal,
      ...(said?.description === undefined ? {} : { reason: reasonOf(outcome, said.description) }),
      ...(wait === undefined ? {} : { retryAfterMs: wait * 1_000 }),
    };
  };

  const reasonOf = ({ status }: Answer, description: string): string =>
    `status ${status}: ${shown(description, secrets)}`;

  return {
    name,
    async send(message, signal) {
      const text = telegramText(message);
      const common = { link_preview_options: { is_disabled: true }, disable_notification: text.silent };
      const html = { text: text.html, parse_mode: 'HTML', ...common };
      let outcome = await post(html, signal);
      const moved = migrationOf(outcome);
      if (moved !== undefined) {
        chat = moved;
        outcome = await post(html, signal);
      }
      // Better without bold letters than not at all.
      if (isUnreadable(outcome)) outcome = await post({ text: text.plain, ...common }, signal);
      return deliveryOf(outcome);
    },
    close: async () => {},
  };
}

function deliveredOf(said: z.output<typeof reply> | undefined): Delivery {
  if (said?.ok !== true) {
    return { kind: 'refused', reason: 'the answer is not one of the Bot API', permanent: false };
  }
  return { kind: 'delivered', ...(said.result && { answer: `message ${said.result.message_id}` }) };
}

const chatId = (chat: string): number | string => (chat.startsWith('@') ? chat : Number(chat));

function migrationOf(outcome: Outcome): string | undefined {
  if (outcome.kind === 'refused' || outcome.status !== 400) return undefined;
  return jsonOf(outcome, reply)?.parameters?.migrate_to_chat_id?.toString();
}

const isUnreadable = (outcome: Outcome): boolean =>
  outcome.kind === 'answer' &&
  outcome.status === 400 &&
  /can't parse entities/i.test(jsonOf(outcome, reply)?.description ?? '');
