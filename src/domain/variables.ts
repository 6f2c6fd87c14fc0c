import { z } from 'zod';
import { chatId, mailRoute, namedUrls } from './channelSettings.ts';
import { redactionKinds } from './redaction/options.ts';
import {
  count,
  days,
  limitOrOff,
  list,
  onOff,
  pairs,
  parsed,
  port,
  sizeFrom,
  webUrl,
} from './textSettings.ts';
import { parseDuration } from './units.ts';

export const processRoles = ['ingest', 'relay', 'project', 'alert', 'notify', 'api', 'bot'] as const;

export interface Variable {
  schema: z.ZodType;
  /** What the schema takes, in words: the second half of a fault's line, and a column of the docs. */
  allowed: string;
  about: string;
  /** As it would be written; absent means that the variable may be left out. */
  fallback?: string;
  /** Never shown, and `…_FILE` may name a file that holds it. */
  secret?: true;
}

const variable = <const V extends Variable>(definition: V): V => definition;

const ipAddress = z.union([z.ipv4(), z.ipv6()]);
const isProxy = (text: string): boolean => {
  const [address = '', bits] = text.split('/');
  const named = ['loopback', 'linklocal', 'uniquelocal'].includes(text);
  return named || (ipAddress.safeParse(address).success && (bits === undefined || /^\d{1,3}$/.test(bits)));
};
const longEnough = (text: string): number | undefined => {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 5_000 && ms <= 86_400_000 ? ms : undefined;
};
const kafkaUrl =
  /^kafkas?:\/\/(?:[^\s/@:]+:[^\s/@]+@)?[^\s/@:]+:\d+(?:,[^\s/@:]+:\d+)*(?:\/[\w.-]{1,200})?(?:\?mechanism=(?:plain|scram-sha-(?:256|512)))?$/;
const mostLanes = 1_024;
const laneCount = (text: string): number | undefined => {
  const lanes = count(text);
  return lanes !== undefined && lanes >= 1 && lanes <= mostLanes ? lanes : undefined;
};
const logUrl = /^(?:lmdb:|(?:esdb|kurrent|kurrentdb)(?:\+discover)?:\/\/\S+)$/;

/** Said once, for the schema fills in from it what a value leaves out. */
const defaults = {
  SQL_LIMITS: 'time=30s memory=192mb rows=1000000',
  RETENTION: 'raw=30d minutes=90d hours=400d',
  LIMITS:
    'ingest=120000/1m/5000 read=12000/1m/1200 address=240000/1m/10000 open=6000/1m/600 failed=120/1m/60',
  BODY_LIMITS: 'sent=16mb expanded=64mb',
};

/** One entry for each variable, without the prefix. docs/configuration.md is made from it. */
export const variables = {
  HOST: variable({
    schema: z.string().regex(/^[\w.:%-]{1,253}$/),
    fallback: '127.0.0.1',
    allowed: 'a host name or an IP address',
    about: 'Where the HTTP and SQL ports listen. `0.0.0.0` lets other machines in.',
  }),
  PORT: variable({
    schema: port,
    fallback: '7070',
    allowed: 'a whole number from 0 to 65535',
    about: 'HTTP. `0` picks a free port and prints it.',
  }),
  DATA: variable({
    schema: z.string().min(1),
    fallback: './data',
    allowed: 'a folder',
    about: 'Everything that is kept. One engine to a folder.',
  }),
  ADMIN_KEY: variable({
    schema: z.string().regex(/^[\x21-\x7e]{8,512}$/),
    secret: true,
    allowed: '8 to 512 visible ASCII characters, no spaces',
    about: 'The first admin key. Without it one is made and printed on the very first start.',
  }),
  LOG: variable({
    schema: z.string().regex(logUrl),
    fallback: 'lmdb:',
    secret: true,
    allowed: 'lmdb:, esdb://… or kurrentdb://…',
    about: 'Where the event log lives.',
  }),
  FEED: variable({
    schema: z.union([z.literal('log:'), z.string().regex(kafkaUrl)]),
    fallback: 'log:',
    secret: true,
    allowed:
      'log: or kafka://host:port,… (kafkas:// for TLS, user:password@ before the first host, /topic and ?mechanism=plain behind the last)',
    about: 'Where projections read events from.',
  }),
  LANES: variable({
    schema: parsed(laneCount),
    fallback: '8',
    allowed: `a whole number from 1 to ${mostLanes}`,
    about: 'Partitions of the topic, fixed once it is made: at most so many processes share the projecting.',
  }),
  READ: variable({
    schema: z.union([z.literal('chdb:'), webUrl]),
    fallback: 'chdb:',
    secret: true,
    allowed: 'chdb: or http(s)://user:password@host:8123/database',
    about: 'Where the read models live.',
  }),
  CLUSTER: variable({
    schema: z.string().regex(/^[A-Za-z_][\w-]{0,100}$/),
    allowed: 'a name',
    about: 'The ClickHouse cluster on whose every node the tables are made; see clickhouse.md.',
  }),
  ANALYSTS: variable({
    schema: list((item) => /^[A-Za-z_]\w{0,60}:[\x21-\x2b\x2d-\x7e]{8,200}$/.test(item)),
    secret: true,
    allowed: 'a list of name:password, each password of 8 characters or more without spaces and commas',
    about: 'Accounts that the ClickHouse server is given for analysts; see clickhouse.md.',
  }),
  ROLES: variable({
    schema: list((item) => processRoles.some((role) => role === item)),
    fallback: processRoles.join(','),
    allowed: `a list of ${processRoles.join(', ')}`,
    about: 'What this process does.',
  }),
  SQL_PORT: variable({
    schema: z.union([z.literal('off'), port]),
    fallback: '8123',
    allowed: 'a whole number from 0 to 65535, or off',
    about: 'The ClickHouse-compatible endpoint of the embedded store.',
  }),
  SQL_LIMITS: variable({
    schema: pairs({ time: parseDuration, memory: sizeFrom(2 ** 20), rows: count }, defaults.SQL_LIMITS),
    fallback: defaults.SQL_LIMITS,
    allowed: 'time=, memory= and rows=, such as 30s, 192mb and 1000000',
    about: 'What one SQL query of an analyst may take.',
  }),
  RULES: variable({
    schema: z.string().min(1),
    allowed: 'a YAML file',
    about: 'Alert rules; without it the built-in ones.',
  }),
  REDIS_URL: variable({
    schema: z.url({ protocol: /^rediss?$/ }),
    secret: true,
    allowed: 'redis://… or rediss://…',
    about: 'Shared rate limits and cache; without it they are in memory.',
  }),
  WEBHOOK_URL: variable({
    schema: webUrl,
    secret: true,
    allowed: 'an http(s) address',
    about: 'Gets every notification as JSON by POST; see notifications.md.',
  }),
  WEBHOOK_SECRET: variable({
    schema: z.string().regex(/^[\x21-\x7e]{8,512}$/),
    secret: true,
    allowed: '8 to 512 visible ASCII characters, no spaces',
    about: 'Signs what the webhook gets.',
  }),
  SLACK_URL: variable({
    schema: parsed(namedUrls),
    secret: true,
    allowed: 'an http(s) address, or several such as ops=https://… dev=https://…',
    about: 'Incoming webhooks of Slack, Mattermost or Rocket.Chat.',
  }),
  DISCORD_URL: variable({
    schema: parsed(namedUrls),
    secret: true,
    allowed: 'an http(s) address, or several such as ops=https://… dev=https://…',
    about: 'Webhooks of Discord.',
  }),
  SMTP_URL: variable({
    schema: z.url({ protocol: /^smtps?$/ }),
    secret: true,
    allowed: 'smtp://user:password@host:587 or smtps://…',
    about: 'The server that sends e-mail.',
  }),
  MAIL: variable({
    schema: parsed(mailRoute),
    allowed: 'from= and to=, such as from=bot@example.com to=ops@example.com,dev@example.com',
    about: 'From whom and to whom e-mail goes.',
  }),
  HEARTBEAT_URL: variable({
    schema: webUrl,
    secret: true,
    allowed: 'an http(s) address',
    about: 'A watcher outside that hears from the engine for as long as alerts are decided.',
  }),
  HEARTBEAT_EVERY: variable({
    schema: parsed(longEnough),
    fallback: '60s',
    allowed: 'a duration from 5s to 1d',
    about: 'How often it hears.',
  }),
  TELEGRAM_TOKEN: variable({
    schema: z.string().regex(/^\S{3,256}$/),
    secret: true,
    allowed: 'the token of a bot',
    about: 'Turns the Telegram bot on.',
  }),
  TELEGRAM_CHATS: variable({
    schema: list(chatId),
    allowed: 'a list of chat ids such as -1001234567890, or @names of public channels',
    about: 'Chats that get notifications, each a channel of its own.',
  }),
  TELEGRAM_API: variable({
    schema: webUrl,
    fallback: 'https://api.telegram.org',
    allowed: 'an http(s) address',
    about: 'The root of the Bot API.',
  }),
  GITHUB_TOKEN: variable({
    schema: z.string().regex(/^\S{3,512}$/),
    secret: true,
    allowed: 'an access token',
    about: 'Lets the code scanner and deploys reach GitHub.',
  }),
  GITHUB_API: variable({
    schema: webUrl,
    fallback: 'https://api.github.com',
    allowed: 'an http(s) address',
    about: 'The root of the REST API.',
  }),
  RETENTION: variable({
    schema: pairs({ raw: days, minutes: days, hours: days }, defaults.RETENTION),
    fallback: defaults.RETENTION,
    allowed: 'raw=, minutes= and hours=, each whole days such as 30d, or forever',
    about: 'How long events and their rows, the rollups per minute, and those per hour are kept.',
  }),
  LIMITS: variable({
    schema: pairs(
      { ingest: limitOrOff, read: limitOrOff, address: limitOrOff, open: limitOrOff, failed: limitOrOff },
      defaults.LIMITS,
    ),
    fallback: defaults.LIMITS,
    allowed:
      'ingest=, read=, address=, open= and failed=, each limit/window/burst such as 600/1m/100, or off',
    about: 'Requests by key and by address; see keys-and-limits.md.',
  }),
  BODY_LIMITS: variable({
    schema: pairs({ sent: sizeFrom(1_024), expanded: sizeFrom(1_024) }, defaults.BODY_LIMITS),
    fallback: defaults.BODY_LIMITS,
    allowed: 'sent= and expanded=, each a size from 1kb such as 16mb',
    about: 'The largest body of a request, as sent and after decompression.',
  }),
  REDACTION: variable({
    schema: pairs(Object.fromEntries(redactionKinds.map((kind) => [kind, onOff])), ''),
    fallback: 'ip=off',
    allowed: `on or off for ${redactionKinds.join(', ')}`,
    about: 'What is removed before the log; all but `ip` are on unless switched off.',
  }),
  REDACTION_KEYS: variable({
    schema: list((item) => item.length <= 100),
    allowed: 'a list of names',
    about: 'More names whose values are removed wherever they stand.',
  }),
  MEMORY: variable({
    schema: parsed(sizeFrom(64 * 2 ** 20)),
    fallback: '400mb',
    allowed: 'a size from 64mb',
    about: 'The most that the embedded ClickHouse engine may take.',
  }),
  TRUST_PROXY: variable({
    schema: list(isProxy),
    allowed: 'addresses, networks such as 10.0.0.0/8, or loopback, linklocal, uniquelocal',
    about: 'Proxies whose `X-Forwarded-For` is believed.',
  }),
  PSEUDONYM_KEY: variable({
    schema: z.string().regex(/^[0-9a-f]{64}$/),
    secret: true,
    allowed: '64 hexadecimal digits in lower case',
    about:
      'The key of pseudonyms, the same for all that take events in; without it one is made in the data folder.',
  }),
  LOG_LEVEL: variable({
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    fallback: 'info',
    allowed: 'trace, debug, info, warn, error, fatal or silent',
    about: "The program's own log, on standard error.",
  }),
};

export type VariableName = keyof typeof variables;
type ValueOf<V extends Variable> =
  | z.output<V['schema']>
  | (V extends { fallback: string } ? never : undefined);

/** What the variables say, once all of them have been understood. */
export type Settings = { [N in VariableName]: ValueOf<(typeof variables)[N]> };
