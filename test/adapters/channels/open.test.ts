import { expect, test } from 'vitest';
import { openChannels } from '../../../src/adapters/channels/open.ts';
import { parseConfig } from '../../../src/config.ts';
import { startBotApi } from '../../support/channels/botApi.ts';
import { firedMessage } from '../../support/channels/messages.ts';

const options = { version: '1', now: () => 0 };
const namesOf = (env: Record<string, string>): string[] =>
  openChannels(parseConfig(env).channels, options).map(({ name }) => name);

test('there is a channel for each that is configured, by the name that routes use', () => {
  expect(namesOf({})).toEqual([]);
  expect(
    namesOf({
      CHRONOSCOPE_WEBHOOK_URL: 'https://host/hook',
      CHRONOSCOPE_TELEGRAM_TOKEN: '1:a',
      CHRONOSCOPE_TELEGRAM_CHATS: '-100200',
      CHRONOSCOPE_SLACK_URL: 'https://hooks.slack.com/services/T/B/x',
      CHRONOSCOPE_DISCORD_URL: 'ops=https://discord.com/1 dev=https://discord.com/2',
      CHRONOSCOPE_SMTP_URL: 'smtps://u:p@mail',
      CHRONOSCOPE_MAIL: 'from=a@b.example to=c@d.example',
    }),
  ).toEqual(['webhook', 'telegram', 'slack', 'discord:ops', 'discord:dev', 'email']);
});

test('each of several chats is a channel of its own', async () => {
  const api = await startBotApi({ token: '1:a', chats: ['-100200', '@ops_channel'] });
  const { channels } = parseConfig({
    CHRONOSCOPE_TELEGRAM_TOKEN: '1:a',
    CHRONOSCOPE_TELEGRAM_API: api.url,
    CHRONOSCOPE_TELEGRAM_CHATS: '-100200 @ops_channel',
  });
  const opened = openChannels(channels, options);
  expect(opened.map(({ name }) => name)).toEqual(['telegram:-100200', 'telegram:@ops_channel']);
  for (const channel of opened) await channel.send(firedMessage, new AbortController().signal);
  expect(api.sent.map(({ chat }) => chat)).toEqual(['-100200', '@ops_channel']);
});
