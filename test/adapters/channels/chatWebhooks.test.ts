import { expect, test } from 'vitest';
import { createDiscordChannel } from '../../../src/adapters/channels/discord.ts';
import { createSlackChannel } from '../../../src/adapters/channels/slack.ts';
import { firedMessage, stormMessage } from '../../support/channels/messages.ts';
import { answering, startReceiver } from '../../support/channels/receiver.ts';

const never = new AbortController().signal;
const common = { name: 'it', userAgent: 'Chronoscope/1', now: () => 0 };

test('Slack gets a headline and one attachment in the colour of the severity', async () => {
  const { url, received } = await startReceiver(answering(200, 'ok'));
  const channel = createSlackChannel({ ...common, url: `${url}/services/T000/B000/x` });
  expect(await channel.send(firedMessage, never)).toEqual({ kind: 'delivered', answer: 'ok' });
  const { text, attachments } = JSON.parse(received[0]?.body ?? '');
  expect(text).toBe('*🔴 FIRING · critical · Error rate of support-bot*');
  expect(attachments).toHaveLength(1);
  expect(attachments[0].color).toBe('#d32f2f');
  expect(attachments[0].fields.map(({ title }: { title: string }) => title)).toEqual([
    ...['Since', 'How bad', 'For whom', 'Why', 'Last deploy', 'Also firing', 'About', 'Labels'],
    ...['What to do', 'Links', 'More'],
  ]);
});

test('Slack gets an attachment for each alert of a storm, and the count of the rest', async () => {
  const { url, received } = await startReceiver(answering(200, 'ok'));
  await createSlackChannel({ ...common, url }).send(stormMessage, never);
  const { attachments } = JSON.parse(received[0]?.body ?? '');
  expect(attachments).toHaveLength(9);
  expect(attachments.at(-1).text).toBe('and 4 more');
  expect(new Set(attachments.map(({ color }: { color: string }) => color))).toEqual(
    new Set(['#d32f2f', '#f08c00']),
  );
});

test('Discord is asked to wait, and names its message', async () => {
  const { url, received } = await startReceiver(answering(200, '{"id":"1199"}'));
  const channel = createDiscordChannel({ ...common, url: `${url}/api/webhooks/1/x?thread_id=5` });
  expect(await channel.send(firedMessage, never)).toEqual({ kind: 'delivered', answer: 'message 1199' });
  expect(received[0]?.path).toBe('/api/webhooks/1/x?thread_id=5&wait=true');
  expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
    content: '**🔴 FIRING · critical · Error rate of support-bot**',
    embeds: [{ color: 0xd32f2f }],
    allowed_mentions: { parse: [] },
  });
});

test('Discord says in the body how long to wait, with fractions', async () => {
  const body = '{"message":"You are being rate limited.","retry_after":1.234,"global":false}';
  const { url } = await startReceiver(answering(429, body, { 'retry-after': '2' }));
  expect(await createDiscordChannel({ ...common, url }).send(firedMessage, never)).toMatchObject({
    permanent: false,
    retryAfterMs: 1_234,
  });
});

test('a page of a proxy instead of JSON breaks nothing', async () => {
  const { url } = await startReceiver(answering(429, '<html>slow down</html>', { 'retry-after': '2' }));
  expect(await createDiscordChannel({ ...common, url }).send(firedMessage, never)).toMatchObject({
    retryAfterMs: 2_000,
  });
  const fine = await startReceiver(answering(200, '<html>'));
  expect(await createDiscordChannel({ ...common, url: fine.url }).send(firedMessage, never)).toEqual({
    kind: 'delivered',
  });
});
