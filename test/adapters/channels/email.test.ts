import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEmailChannel } from '../../../src/adapters/channels/email.ts';
import type { Channel } from '../../../src/projections/notifications/ports.ts';
import { startMailServer } from '../../support/channels/mailServer.ts';
import { firedMessage, hebrewMessage, resolvedMessage } from '../../support/channels/messages.ts';

const never = new AbortController().signal;
const to = ['ops@example.com', 'dev@example.com'];

function channelOf(port: number, who = '', timeoutMs = 5_000): Channel {
  const url = `smtp://${who}127.0.0.1:${port}`;
  return createEmailChannel({ name: 'email', url, from: 'bot@example.com', to, timeoutMs });
}

async function lineServer(onLine: (socket: Socket) => void, greeting?: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => onLine(socket));
    if (greeting !== undefined) socket.write(greeting);
    onTestFinished(() => {
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const headersOf = (raw: string): string => (raw.split('\r\n\r\n')[0] ?? '').replaceAll(/\r\n[ \t]+/g, ' ');

describe('a mail', () => {
  test('goes to all receivers with text and page, and says that a machine wrote it', async () => {
    const server = await startMailServer({ user: 'bot', password: 'p@ss word' });
    const delivery = await channelOf(server.port, 'bot:p%40ss%20word@').send(firedMessage, never);
    expect(delivery).toEqual({ kind: 'delivered', answer: expect.stringContaining('250') });
    const [mail] = server.mails;
    expect(mail).toMatchObject({ from: 'bot@example.com', to });
    expect(headersOf(mail?.raw ?? '')).toMatch(/^Auto-Submitted: auto-generated$/m);
    expect(mail?.raw).toMatch(/Content-Type: text\/plain[\s\S]+Content-Type: text\/html/);
  });

  test('has the same Message-ID at each attempt, and belongs to the thread of its group', async () => {
    const server = await startMailServer();
    const channel = channelOf(server.port);
    for (const message of [firedMessage, firedMessage, resolvedMessage]) await channel.send(message, never);
    const headers = server.mails.map(({ raw }) => headersOf(raw));
    const values = (name: string) =>
      headers.map((text) => new RegExp(`^${name}: (.+)$`, 'm').exec(text)?.[1]);
    expect(values('Message-ID')[0]).toBe(`<${firedMessage.id}@example.com>`);
    expect(values('Message-ID')[1]).toBe(values('Message-ID')[0]);
    expect(new Set(values('In-Reply-To'))).toEqual(new Set(['<group.a1b2c3d4e5f60718@example.com>']));
    expect(values('References')).toEqual(values('In-Reply-To'));
  });

  test('carries Hebrew and emoji, and no forged header', async () => {
    const server = await startMailServer();
    await channelOf(server.port).send(hebrewMessage, never);
    const [alert] = firedMessage.alerts;
    if (alert === undefined) throw new Error('no alert');
    const forged = { ...alert, fired: { ...alert.fired, title: 'x\r\nBcc: evil@example.com\r\n\r\nbody' } };
    await channelOf(server.port).send({ ...firedMessage, alerts: [forged] }, never);
    expect(server.mails.map((mail) => mail.to)).toEqual([to, to]);
    const headers = server.mails.map(({ raw }) => headersOf(raw));
    expect(headers[0]).toMatch(/^Subject: =\?UTF-8\?/m);
    expect(headers[1]).not.toMatch(/^Bcc:/im);
  });
});

describe('a refusal', () => {
  test.each([
    [451, '4.3.0 try again later', false],
    [554, '5.7.1 this looks like spam', true],
  ])('with %i is permanent: %s', async (code, message, permanent) => {
    const server = await startMailServer({ refuse: { code, message } });
    expect(await channelOf(server.port).send(firedMessage, never)).toEqual({
      kind: 'refused',
      reason: `${code} ${message}`,
      permanent,
    });
  });

  test('of the password is permanent, and does not tell it', async () => {
    const server = await startMailServer({ user: 'operator', password: 'right' });
    const delivery = await channelOf(server.port, 'operator:hunter2-wrong@').send(firedMessage, never);
    expect(delivery).toMatchObject({ kind: 'refused', permanent: true });
    expect(JSON.stringify(delivery)).toContain('535');
    expect(JSON.stringify(delivery)).not.toMatch(/hunter2|operator/);
  });

  test('of one receiver of two is told, and none is lost for it', async () => {
    const server = await startMailServer({ refusedReceivers: ['dev@example.com'] });
    expect(await channelOf(server.port).send(firedMessage, never)).toMatchObject({
      kind: 'delivered',
      answer: expect.stringMatching(/^1 of 2 receivers taken/),
    });
    const none = await startMailServer({ refusedReceivers: to });
    expect(await channelOf(none.port).send(firedMessage, never)).toMatchObject({ permanent: true });
  });

  test('is what a server is that is away, closes, talks nonsense or says nothing', async () => {
    const ports = [
      1,
      await lineServer((socket) => socket.destroy(), '220 hello\r\n'),
      await lineServer((socket) => socket.end(), 'HTTP/1.1 400 Bad Request\r\n\r\n'),
      await lineServer(() => {}),
    ];
    for (const port of ports) {
      expect(await channelOf(port, '', 100).send(firedMessage, never)).toMatchObject({
        kind: 'refused',
        permanent: expect.any(Boolean),
      });
    }
  });

  test('comes at once when it is told to stop', async () => {
    const stop = new AbortController();
    const port = await lineServer(() => stop.abort(), '220 hello\r\n');
    const channel = channelOf(port);
    const stopped = { kind: 'refused', reason: 'stopped before there was an answer', permanent: false };
    expect(await channel.send(firedMessage, stop.signal)).toEqual(stopped);
    expect(await channel.send(firedMessage, AbortSignal.abort())).toEqual(stopped);
    await channel.close();
  });
});
