import { describe, expect, test } from 'vitest';
import { createTelegramChannel } from '../../../src/adapters/channels/telegram.ts';
import { startBotApi } from '../../support/channels/botApi.ts';
import {
  firedMessage,
  hebrewMessage,
  resolvedMessage,
  stormMessage,
} from '../../support/channels/messages.ts';
import { answering, startReceiver } from '../../support/channels/receiver.ts';

const token = '123456:not-a-real-bot-token';
const never = new AbortController().signal;
const channelOf = (api: string, chat = '-100200', itsToken = token) =>
  createTelegramChannel({
    name: 'telegram',
    token: itsToken,
    api: `${api}/`,
    chat,
    userAgent: 'Chronoscope/1',
    now: () => 0,
    timeoutMs: 5_000,
  });

describe('a message', () => {
  test.each([
    ['of one alert', firedMessage, false],
    ['of good news', resolvedMessage, true],
    ['of a storm', stormMessage, false],
    ['in Hebrew', hebrewMessage, false],
  ] as const)('%s is taken as HTML', async (_, message, silent) => {
    const api = await startBotApi({ token, chats: ['-100200'] });
    expect(await channelOf(api.url).send(message, never)).toEqual({ kind: 'delivered', answer: 'message 1' });
    expect(api.sent).toMatchObject([{ chat: '-100200', html: true, silent }]);
    expect(JSON.parse(api.received[0]?.body ?? '')).toMatchObject({
      chat_id: -100200,
      link_preview_options: { is_disabled: true },
    });
  });

  test('goes to a public channel by its name', async () => {
    const api = await startBotApi({ token, chats: ['@ops_channel'] });
    await channelOf(api.url, '@ops_channel').send(firedMessage, never);
    expect(api.sent[0]?.chat).toBe('@ops_channel');
  });

  test('whose marks are refused is sent once more without them', async () => {
    const api = await startBotApi({ token, chats: ['-100200'], strict: true });
    expect(await channelOf(api.url).send(firedMessage, never)).toMatchObject({ kind: 'delivered' });
    expect(api.received).toHaveLength(2);
    expect(api.sent).toMatchObject([{ html: false }]);
    expect(api.sent[0]?.text).toMatch(/^🔴 FIRING · critical/);
  });
});

describe('a refusal', () => {
  test('with retry_after says how long to wait', async () => {
    const api = await startBotApi({ token, chats: ['-100200'], limited: 1, retryAfter: 35 });
    const channel = channelOf(api.url);
    expect(await channel.send(firedMessage, never)).toEqual({
      kind: 'refused',
      reason: 'status 429: Too Many Requests: retry after 35',
      permanent: false,
      retryAfterMs: 35_000,
    });
    expect(await channel.send(firedMessage, never)).toMatchObject({ kind: 'delivered' });
  });

  test.each([
    ['-1', 'status 400: Bad Request: chat not found'],
    ['-7', 'status 403: Forbidden: bot was blocked by the user'],
  ])('of chat %s is permanent', async (chat, reason) => {
    const api = await startBotApi({ token, chats: ['-100200'], blocked: ['-7'] });
    expect(await channelOf(api.url, chat).send(firedMessage, never)).toEqual({
      kind: 'refused',
      reason,
      permanent: true,
    });
  });

  test('of the token is permanent, and does not tell it', async () => {
    const api = await startBotApi({ token, chats: ['-100200'] });
    const delivery = await channelOf(api.url, '-100200', '123456:another-wrong-token').send(
      firedMessage,
      never,
    );
    expect(delivery).toEqual({ kind: 'refused', reason: 'status 404: Not Found', permanent: true });
    const echoing = await startReceiver((received, response) => {
      response.writeHead(502).end(`cannot reach ${received.path}`);
    });
    const refused = await channelOf(echoing.url).send(firedMessage, never);
    expect(refused).toMatchObject({ permanent: false });
    expect(JSON.stringify(refused)).not.toContain('not-a-real');
  });

  test('is what an answer of something else is', async () => {
    for (const body of ['<html>welcome</html>', '{"ok":false}', '[]', '']) {
      const { url } = await startReceiver(answering(200, body));
      expect(await channelOf(url).send(firedMessage, never)).toMatchObject({
        kind: 'refused',
        permanent: false,
      });
    }
  });
});

describe('a group that has become a supergroup', () => {
  test('is followed, and remembered', async () => {
    const api = await startBotApi({ token, chats: ['-100999'], moved: { '-5': -100999 } });
    const channel = channelOf(api.url, '-5');
    expect(await channel.send(firedMessage, never)).toMatchObject({ kind: 'delivered' });
    expect(await channel.send(resolvedMessage, never)).toMatchObject({ kind: 'delivered' });
    expect(api.sent.map(({ chat }) => chat)).toEqual(['-100999', '-100999']);
    expect(api.received).toHaveLength(3);
  });

  test('is followed once only', async () => {
    const api = await startBotApi({ token, chats: [], moved: { '-5': -6, '-6': -5 } });
    expect(await channelOf(api.url, '-5').send(firedMessage, never)).toMatchObject({ kind: 'refused' });
    expect(api.received).toHaveLength(2);
  });
});
