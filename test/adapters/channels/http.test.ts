import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDiscordChannel } from '../../../src/adapters/channels/discord.ts';
import { createSlackChannel } from '../../../src/adapters/channels/slack.ts';
import { createWebhookChannel } from '../../../src/adapters/channels/webhook.ts';
import { firedMessage } from '../../support/channels/messages.ts';
import { answering, closedAddress, startReceiver } from '../../support/channels/receiver.ts';

/** What holds for every channel that speaks HTTP, whatever the other side does. */

const now = Date.UTC(2026, 10, 25, 3, 12);
const secret = 'T0KEN-in-the-path';
const never = new AbortController().signal;

const kinds = { webhook: createWebhookChannel, slack: createSlackChannel, discord: createDiscordChannel };
type Kind = keyof typeof kinds;

const channel = (kind: Kind, url: string, timeoutMs = 5_000) =>
  kinds[kind]({
    name: kind,
    url: `${url}/hooks/${secret}`,
    userAgent: 'Chronoscope/1',
    now: () => now,
    timeoutMs,
  });

const rawServer = async (onData: 'close' | 'nonsense' | 'hang'): Promise<string> => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      if (onData === 'close') socket.destroy();
      if (onData === 'nonsense') socket.end('220 mail.example ESMTP\r\n');
    });
    onTestFinished(() => {
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe.each(Object.keys(kinds) as Kind[])('%s', (kind) => {
  test.each([
    [400, true],
    [401, true],
    [403, true],
    [404, true],
    [408, false],
    [410, true],
    [425, false],
    [429, false],
    [500, false],
    [502, false],
    [503, false],
  ])('status %i is permanent: %s', async (status, permanent) => {
    const { url } = await startReceiver(answering(status, `no ${secret}\nhere`));
    const delivery = await channel(kind, url).send(firedMessage, never);
    expect(delivery).toEqual({ kind: 'refused', reason: `status ${status}: no [secret] here`, permanent });
  });

  test.each([
    ['7', 7_000],
    ['Wed, 25 Nov 2026 03:12:30 GMT', 30_000],
    ['Wed, 25 Nov 2026 03:00:00 GMT', 0],
  ])('Retry-After: %s is honoured', async (header, retryAfterMs) => {
    const { url } = await startReceiver(answering(503, '', { 'retry-after': header }));
    expect(await channel(kind, url).send(firedMessage, never)).toMatchObject({
      permanent: false,
      retryAfterMs,
    });
  });

  test('a redirect is not followed, and the reason says so', async () => {
    const elsewhere = await startReceiver(answering(200));
    const { url } = await startReceiver(answering(307, '', { location: `${elsewhere.url}/x` }));
    const delivery = await channel(kind, url).send(firedMessage, never);
    expect(delivery).toMatchObject({ kind: 'refused', permanent: true });
    expect(JSON.stringify(delivery)).toContain('it redirects, which is not followed');
    expect(elsewhere.received).toEqual([]);
  });

  test('nobody there, a closed line and nonsense are refusals that pass', async () => {
    for (const url of [await closedAddress(), await rawServer('close'), await rawServer('nonsense')]) {
      const delivery = await channel(kind, url).send(firedMessage, never);
      expect(delivery).toMatchObject({ kind: 'refused', permanent: false });
      expect(JSON.stringify(delivery)).not.toContain(secret);
    }
  });

  test('who does not answer is left in time', async () => {
    const delivery = await channel(kind, await rawServer('hang'), 60).send(firedMessage, never);
    expect(delivery).toEqual({ kind: 'refused', reason: 'no answer within 0.06 s', permanent: false });
  });

  test('who begins an answer and never ends it, too', async () => {
    const { url } = await startReceiver((_, response) => {
      response.writeHead(200).write('o');
    });
    const delivery = await channel(kind, url, 60).send(firedMessage, never);
    expect(delivery).toMatchObject({ kind: 'refused', reason: 'no answer within 0.06 s' });
  });

  test('an endless answer is read only to where it matters', async () => {
    const { url } = await startReceiver((_, response) => {
      response.writeHead(500);
      const more = () => {
        while (response.write('x'.repeat(10_000)));
      };
      response.on('drain', more);
      more();
    });
    const delivery = await channel(kind, url).send(firedMessage, never);
    expect(delivery).toMatchObject({ kind: 'refused', permanent: false });
    expect(JSON.stringify(delivery).length).toBeLessThan(400);
  });

  test('it ends at once when it is told to stop, before and during', async () => {
    const stop = new AbortController();
    const { url } = await startReceiver(() => stop.abort());
    const stopped = { kind: 'refused', reason: 'stopped before there was an answer', permanent: false };
    expect(await channel(kind, url).send(firedMessage, stop.signal)).toEqual(stopped);
    expect(await channel(kind, url).send(firedMessage, AbortSignal.abort())).toEqual(stopped);
  });
});
