import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createWebhookChannel } from '../../../src/adapters/channels/webhook.ts';
import { webhookBody } from '../../../src/domain/alerts/messages/webhook.ts';
import { firedMessage } from '../../support/channels/messages.ts';
import { answering, startReceiver } from '../../support/channels/receiver.ts';

const now = Date.UTC(2026, 10, 25, 3, 12);
const never = new AbortController().signal;
const common = { name: 'webhook', userAgent: 'Chronoscope/1.2.3', now: () => now };

test('the whole notification goes out as JSON, named by its id', async () => {
  const { url, received } = await startReceiver(answering(202, 'taken'));
  const channel = createWebhookChannel({ ...common, url: `${url}/in?team=a` });
  expect(await channel.send(firedMessage, never)).toEqual({ kind: 'delivered', answer: '202 taken' });
  const [request] = received;
  expect(request).toMatchObject({ method: 'POST', path: '/in?team=a' });
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': 'Chronoscope/1.2.3',
    'chronoscope-notification': firedMessage.id,
  });
  expect(request?.headers).not.toHaveProperty('chronoscope-signature');
  expect(JSON.parse(request?.body ?? '')).toEqual(JSON.parse(JSON.stringify(webhookBody(firedMessage))));
});

test('with a secret it is signed, the time included', async () => {
  const { url, received } = await startReceiver(answering(200));
  const secret = 'shared-secret';
  await createWebhookChannel({ ...common, url, secret }).send(firedMessage, never);
  const [, time = '', digest] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(
    String(received[0]?.headers['chronoscope-signature']),
  ) ?? ['', '', ''];
  expect(Number(time)).toBe(now / 1_000);
  expect(digest).toBe(createHmac('sha256', secret).update(`${time}.${received[0]?.body}`).digest('hex'));
});

test('the name and password of the address go as a header, and are told to nobody', async () => {
  const { url, received } = await startReceiver(answering(401, 'not hunter2-x for operator'));
  const address = url.replace('//', '//operator:hunter2-x@');
  const delivery = await createWebhookChannel({ ...common, url: address }).send(firedMessage, never);
  expect(received[0]?.headers.authorization).toBe(`Basic ${btoa('operator:hunter2-x')}`);
  expect(delivery).toMatchObject({ reason: 'status 401: not [secret] for [secret]', permanent: true });
});
