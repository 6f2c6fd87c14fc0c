import { type Receiver, startReceiver } from './receiver.ts';
import { readTelegramHtml } from './telegramHtml.ts';

export interface SentText {
  chat: string;
  /** As its readers see it. */
  text: string;
  html: boolean;
  silent: boolean;
}

export interface BotApi extends Receiver {
  sent: SentText[];
}

interface BotApiOptions {
  token: string;
  /** Chats that it knows. */
  chats: readonly string[];
  /** Chats whose members have thrown the bot out. */
  blocked?: readonly string[];
  /** Groups that have become others. */
  moved?: Readonly<Record<string, number>>;
  /** So many requests are told to wait. */
  limited?: number;
  retryAfter?: number;
  /** Refuses every text with marks. */
  strict?: boolean;
}

const longestText = 4_096;
const mostEntities = 100;

/** Telegram's Bot API as far as `sendMessage` goes, with the answers of the real one. */
export async function startBotApi(options: BotApiOptions): Promise<BotApi> {
  const { token, chats, blocked = [], moved = {}, retryAfter = 3, strict = false } = options;
  const sent: SentText[] = [];
  let toLimit = options.limited ?? 0;
  const judge = (path: string, body: string): object => {
    if (path !== `/bot${token}/sendMessage`) return refused(404, 'Not Found');
    if (toLimit > 0) {
      toLimit -= 1;
      return refused(429, `Too Many Requests: retry after ${retryAfter}`, { retry_after: retryAfter });
    }
    const { chat_id, text, parse_mode, disable_notification = false } = JSON.parse(body);
    const chat = String(chat_id);
    const target = moved[chat];
    if (target !== undefined)
      return refused(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
        migrate_to_chat_id: target,
      });
    if (blocked.includes(chat)) return refused(403, 'Forbidden: bot was blocked by the user');
    if (!chats.includes(chat)) return refused(400, 'Bad Request: chat not found');
    const read = parse_mode === 'HTML' ? readTelegramHtml(text) : { text, entities: 0 };
    if ('fault' in read || (strict && parse_mode === 'HTML'))
      return refused(400, `Bad Request: can't parse entities: ${'fault' in read ? read.fault : 'strict'}`);
    if (read.text.trim() === '') return refused(400, 'Bad Request: message text is empty');
    if (read.text.length > longestText) return refused(400, 'Bad Request: message is too long');
    if (read.entities > mostEntities) return refused(400, 'Bad Request: too many entities');
    sent.push({ chat, text: read.text, html: parse_mode === 'HTML', silent: disable_notification });
    return { ok: true, result: { message_id: sent.length, chat: { id: chat_id }, text: read.text } };
  };
  const receiver = await startReceiver(({ path, body }, response) => {
    const answer = judge(path, body);
    const status = 'error_code' in answer ? Number(answer.error_code) : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  return { ...receiver, sent };
}

const refused = (error_code: number, description: string, parameters?: object): object => ({
  ok: false,
  error_code,
  description,
  ...(parameters && { parameters }),
});
