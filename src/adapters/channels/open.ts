import type { Secret } from '../../domain/secret.ts';
import type { Channel } from '../../projections/notifications/ports.ts';
import { createDiscordChannel } from './discord.ts';
import { createEmailChannel } from './email.ts';
import { userAgentOf } from './http.ts';
import { createSlackChannel } from './slack.ts';
import { createTelegramChannel } from './telegram.ts';
import { createWebhookChannel } from './webhook.ts';

/** As the configuration has it. */
export interface ChannelsConfig {
  webhook: { url: Secret; secret: Secret | undefined } | undefined;
  telegram: { token: Secret; api: string; chats: readonly string[] } | undefined;
  slack: readonly NamedUrl[];
  discord: readonly NamedUrl[];
  email: { smtp: Secret; from: string; to: readonly string[] } | undefined;
}

interface NamedUrl {
  name: string | undefined;
  url: Secret;
}

export interface OpenOptions {
  /** Of the program, for the receivers' logs. */
  version: string;
  now: () => number;
  timeoutMs?: number;
}

export function openChannels(config: ChannelsConfig, { version, ...options }: OpenOptions): Channel[] {
  const common = { ...options, userAgent: userAgentOf(version) };
  const { webhook, telegram, slack, discord, email } = config;
  const channels: Channel[] = [];
  if (webhook !== undefined) {
    const secret = webhook.secret?.reveal();
    channels.push(createWebhookChannel({ ...common, name: 'webhook', url: webhook.url.reveal(), secret }));
  }
  if (telegram !== undefined) {
    const [token, api] = [telegram.token.reveal(), telegram.api];
    for (const chat of telegram.chats) {
      const name = telegram.chats.length === 1 ? 'telegram' : `telegram:${chat}`;
      channels.push(createTelegramChannel({ ...common, name, token, api, chat }));
    }
  }
  for (const { name, url } of slack)
    channels.push(createSlackChannel({ ...common, name: nameOf('slack', name), url: url.reveal() }));
  for (const { name, url } of discord)
    channels.push(createDiscordChannel({ ...common, name: nameOf('discord', name), url: url.reveal() }));
  if (email !== undefined) {
    const { smtp, from, to } = email;
    channels.push(createEmailChannel({ ...options, name: 'email', url: smtp.reveal(), from, to }));
  }
  return channels;
}

const nameOf = (kind: string, name: string | undefined): string =>
  name === undefined ? kind : `${kind}:${name}`;
