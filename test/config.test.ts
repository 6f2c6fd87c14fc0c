import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError, type Environment, parseConfig } from '../src/config.ts';
import { processRoles } from '../src/domain/variables.ts';

const noFile = (): string => {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
};

function faultsOf(env: Environment, readFile: (path: string) => string = noFile): readonly string[] {
  try {
    parseConfig(env, readFile);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('without any variable', () => {
  const config = parseConfig({ HOME: '/root', CHRONOSCOPE_RULES: '' }, noFile);

  test('the defaults of the contract hold', () => {
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 7070 });
    expect(config.dataFolder).toBe('./data');
    expect([config.log, config.feed, config.read.kind]).toEqual([{ kind: 'lmdb' }, { kind: 'log' }, 'chdb']);
    expect(config.roles).toEqual(['ingest', 'relay', 'project', 'alert', 'notify', 'api', 'bot']);
    expect(config.sql.port).toBe(8123);
    expect(config.retentionDays).toEqual({ raw: 30, minutes: 90, hours: 400, kept: undefined });
    expect(config.adminKey ?? config.redisUrl ?? config.rules ?? config.telegram.token).toBeUndefined();
    expect(config.redaction.kinds).toMatchObject({ ip: false });
  });

  test('it is frozen to the bottom', () => {
    expect(() => Object.assign(config.http, { port: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config.limits.ingest ?? {}, { limit: 1 })).toThrow(TypeError);
    expect(Object.isFrozen(config.roles)).toBe(true);
  });
});

test('every variable reaches its place', () => {
  const config = parseConfig({
    CHRONOSCOPE_HOST: '0.0.0.0',
    CHRONOSCOPE_PORT: '0',
    CHRONOSCOPE_LOG: 'esdb://admin:pw@a:2113,b:2113?tls=true',
    CHRONOSCOPE_FEED: 'kafka://user:pw@a:9092,b:9092',
    CHRONOSCOPE_READ: 'https://u:p@ch:8443/bots',
    CHRONOSCOPE_LANES: '32',
    CHRONOSCOPE_CLUSTER: 'main',
    CHRONOSCOPE_ANALYSTS: 'ana:long enough?, bo:another:one'.replaceAll(' ', ''),
    CHRONOSCOPE_PSEUDONYM_KEY: 'a0'.repeat(32),
    CHRONOSCOPE_ROLES: 'ingest, api',
    CHRONOSCOPE_SQL_PORT: 'off',
    CHRONOSCOPE_SQL_LIMITS: 'rows=10',
    CHRONOSCOPE_RETENTION: 'raw=7d hours=forever',
    CHRONOSCOPE_LIMITS: 'ingest=10/1s failed=off',
    CHRONOSCOPE_BODY_LIMITS: 'sent=1mb',
    CHRONOSCOPE_REDACTION: 'ip=on, email=off',
    CHRONOSCOPE_TRUST_PROXY: 'loopback,10.0.0.0/8,::1',
  });
  expect(config.http).toMatchObject({ host: '0.0.0.0', port: 0, bodyLimitBytes: 2 ** 20 });
  expect(config.http.expandedBodyLimitBytes).toBe(64 * 2 ** 20);
  expect(config.http.trustProxy).toEqual(['loopback', '10.0.0.0/8', '::1']);
  expect(config.log.kind === 'eventstore' && config.log.url.reveal()).toContain('admin:pw@a:2113');
  expect(config.feed).toMatchObject({
    kind: 'kafka',
    brokers: ['a:9092', 'b:9092'],
    topic: 'chronoscope',
    lanes: 32,
  });
  expect(config.pseudonymKey?.reveal()).toBe('a0'.repeat(32));
  if (config.read.kind !== 'clickhouse') throw new Error('it is a server');
  expect(config.read).toMatchObject({ database: 'bots', cluster: 'main' });
  expect(config.read.analysts.map(({ name, password }) => [name, password.reveal()])).toEqual([
    ['ana', 'longenough?'],
    ['bo', 'another:one'],
  ]);
  expect(config.read.kind === 'clickhouse' && config.read.url.reveal()).toBe('https://u:p@ch:8443/bots');
  expect(config.roles).toEqual(['ingest', 'api']);
  expect(config.sql).toMatchObject({ port: 'off', maxRows: 10, maxTimeMs: 30_000 });
  expect(config.retentionDays).toEqual({ raw: 7, minutes: 90, hours: undefined, kept: undefined });
  expect(config.limits.ingest).toEqual({ limit: 10, windowMs: 1_000, burst: 10 });
  expect(config.limits.failed).toBeUndefined();
  expect(config.limits.read).toMatchObject({ windowMs: 60_000 });
  expect(config.redaction.kinds).toMatchObject({ ip: true, email: false });
});

describe('channels', () => {
  test('none is configured by itself', () => {
    const { channels, heartbeat } = parseConfig({});
    expect(channels).toEqual({
      webhook: undefined,
      telegram: undefined,
      slack: [],
      discord: [],
      email: undefined,
    });
    expect(heartbeat).toBeUndefined();
  });

  test('each reaches its place', () => {
    const { channels, heartbeat } = parseConfig({
      CHRONOSCOPE_WEBHOOK_URL: 'https://host/hook',
      CHRONOSCOPE_WEBHOOK_SECRET: 'shared-secret',
      CHRONOSCOPE_TELEGRAM_TOKEN: '1:a',
      CHRONOSCOPE_TELEGRAM_CHATS: '-1001234567890, @ops_channel',
      CHRONOSCOPE_SLACK_URL: 'https://hooks.slack.com/services/T/B/x?a=b',
      CHRONOSCOPE_DISCORD_URL:
        'ops=https://discord.com/api/webhooks/1/x  dev=https://discord.com/api/webhooks/2/y',
      CHRONOSCOPE_SMTP_URL: 'smtp://user:pw@mail:587',
      CHRONOSCOPE_MAIL: 'from=bot@example.com to=a@example.com,b@example.com',
      CHRONOSCOPE_HEARTBEAT_URL: 'https://hc-ping.com/uuid',
      CHRONOSCOPE_HEARTBEAT_EVERY: '30s',
    });
    expect(channels.webhook?.secret?.reveal()).toBe('shared-secret');
    expect(channels.telegram?.chats).toEqual(['-1001234567890', '@ops_channel']);
    expect(channels.slack.map(({ name, url }) => [name, url.reveal()])).toEqual([
      [undefined, 'https://hooks.slack.com/services/T/B/x?a=b'],
    ]);
    expect(channels.discord.map(({ name }) => name)).toEqual(['ops', 'dev']);
    expect(channels.discord[1]?.url.reveal()).toBe('https://discord.com/api/webhooks/2/y');
    expect(channels.email).toMatchObject({ from: 'bot@example.com', to: ['a@example.com', 'b@example.com'] });
    expect(heartbeat).toMatchObject({ everyMs: 30_000 });
  });

  test.each([
    ['MAIL', 'from=a@b.example to=c@d.example', 'SMTP_URL'],
    ['SMTP_URL', 'smtp://host', 'MAIL'],
    ['TELEGRAM_CHATS', '@ops_channel', 'TELEGRAM_TOKEN'],
    ['WEBHOOK_SECRET', 'shared-secret', 'WEBHOOK_URL'],
  ])('%s=%s says nothing without %s', (name, value, other) => {
    expect(faultsOf({ [`CHRONOSCOPE_${name}`]: value })).toEqual([
      `CHRONOSCOPE_${name}: found without CHRONOSCOPE_${other}, allowed is both or neither`,
    ]);
  });

  test('a bot without chats is warned of', () => {
    expect(parseConfig({ CHRONOSCOPE_TELEGRAM_TOKEN: '1:a' }).warnings.join()).toContain('TELEGRAM_CHATS');
    expect(
      parseConfig({ CHRONOSCOPE_TELEGRAM_TOKEN: '1:a', CHRONOSCOPE_TELEGRAM_CHATS: '5' }).warnings,
    ).toEqual([]);
  });
});

describe('roles and stores', () => {
  const servers = {
    CHRONOSCOPE_LOG: 'esdb://log:2113',
    CHRONOSCOPE_READ: 'http://ch:8123',
    CHRONOSCOPE_PSEUDONYM_KEY: '0'.repeat(64),
  };

  test.each([
    [
      'some of the roles on one folder',
      { CHRONOSCOPE_ROLES: 'ingest,api,project' },
      /ROLES: .* lmdb:, .* server/,
    ],
    [
      'read models within one process of two',
      { ...servers, CHRONOSCOPE_READ: 'chdb:', CHRONOSCOPE_ROLES: 'api,ingest' },
      /ROLES: found api alone .* chdb:/,
    ],
    [
      'a cluster without a server',
      { CHRONOSCOPE_CLUSTER: 'main' },
      /CLUSTER: found with read models in chdb:/,
    ],
    ['accounts without a server', { CHRONOSCOPE_ANALYSTS: 'ana:12345678' }, /ANALYSTS: found with .* chdb:/],
    [
      'a database that needs quoting',
      { ...servers, CHRONOSCOPE_READ: 'http://ch:8123/my-bots' },
      /READ: .* quoting/,
    ],
    [
      'a relay without lanes to write to',
      { ...servers, CHRONOSCOPE_ROLES: 'relay,ingest' },
      /ROLES: found relay .* kafka:/,
    ],
    [
      'a password that is not written as an address wants it',
      { ...servers, CHRONOSCOPE_READ: 'http://u:50%zz@ch:8123', CHRONOSCOPE_FEED: 'kafka://u:1%@a:9092' },
      /FEED: .* %25 [\s\S]*READ: .* %25 /,
    ],
  ])('%s are refused', (_, env, said) => {
    expect(faultsOf(env).join('\n')).toMatch(said);
  });

  test('each role can stand alone where log and read models are servers', () => {
    const env = { ...servers, CHRONOSCOPE_FEED: 'kafka://a:9092' };
    for (const role of processRoles.filter((each) => each !== 'bot'))
      expect(parseConfig({ ...env, CHRONOSCOPE_ROLES: role })).toMatchObject({ roles: [role], warnings: [] });
  });

  test('a role that has nothing to do yet is warned of where it is asked for', () => {
    expect(parseConfig({ ...servers, CHRONOSCOPE_ROLES: 'bot' }).warnings.join()).toMatch(/bot.*nothing/);
    expect(parseConfig(servers).warnings).toEqual([]);
  });

  test('user and password of Kafka are written like those of any address', () => {
    const { feed } = parseConfig({ CHRONOSCOPE_FEED: 'kafka://a%40b:x%2Fy@a:9092' });
    if (feed.kind !== 'kafka') throw new Error('no Kafka');
    expect(feed.credentials?.username).toBe('a@b');
    expect(feed.credentials?.password.reveal()).toBe('x/y');
  });

  test('a topic of another name, and a database of another', () => {
    const config = parseConfig({
      CHRONOSCOPE_FEED: 'kafka://a:9092/bots.v2',
      CHRONOSCOPE_READ: 'http://ch:8123',
    });
    expect(config.feed).toMatchObject({ brokers: ['a:9092'], topic: 'bots.v2', lanes: 8 });
    expect(config.read).toMatchObject({ database: 'chronoscope', cluster: undefined, analysts: [] });
  });

  test.each([
    ['kafkas://u:p%40w@a:9092,b:9092/bots?mechanism=plain', true, 'plain', 'bots'],
    ['kafka://u:p%40w@a:9092,b:9092?mechanism=scram-sha-256', false, 'scram-sha-256', 'chronoscope'],
    ['kafka://u:p%40w@a:9092,b:9092', false, undefined, 'chronoscope'],
  ])('brokers are spoken to as the address says: %s', (FEED, tls, mechanism, topic) => {
    const { feed } = parseConfig({ CHRONOSCOPE_FEED: FEED });
    if (feed.kind !== 'kafka') throw new Error('it is Kafka');
    expect(feed).toMatchObject({ tls, topic, brokers: ['a:9092', 'b:9092'] });
    expect(feed.credentials).toMatchObject({ username: 'u' });
    expect(feed.credentials?.mechanism).toBe(mechanism);
    expect(feed.credentials?.password.reveal()).toBe('p@w');
  });

  test('pseudonyms that would differ from process to process are warned of', () => {
    const { CHRONOSCOPE_PSEUDONYM_KEY: _, ...without } = servers;
    expect(parseConfig(without).warnings.join()).toContain('PSEUDONYM_KEY');
    expect(parseConfig({ ...without, CHRONOSCOPE_ROLES: 'api' }).warnings).toEqual([]);
  });
});

describe('faults', () => {
  test('all of them come at once, one line each, naming variable, finding and what is allowed', () => {
    const faults = faultsOf({
      CHRONOSCOPE_PORT: '70000',
      CHRONOSCOPE_SQL_PORT: 'yes',
      CHRONOSCOPE_ROLES: 'ingest,cook',
      CHRONOSCOPE_RETENTION: 'raw=3h',
    });
    expect(faults).toHaveLength(4);
    expect(faults[0]).toBe('CHRONOSCOPE_PORT: found "70000", allowed is a whole number from 0 to 65535');
    expect(faults.join('\n').split('\n')).toHaveLength(4);
  });

  test.each([
    ['HOST', 'a b'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['ADMIN_KEY', 'short'],
    ['LOG', 'file:'],
    ['FEED', 'kafka://host'],
    ['FEED', 'kafka://host:9092/a/b'],
    ['FEED', 'kafka://u:p@host:9092?mechanism=gssapi'],
    ['LANES', '0'],
    ['LANES', '5000'],
    ['PSEUDONYM_KEY', 'A'.repeat(64)],
    ['READ', 'ftp://host'],
    ['SQL_LIMITS', 'time=5mb'],
    ['REDIS_URL', 'http://host'],
    ['WEBHOOK_URL', 'not an address'],
    ['WEBHOOK_SECRET', 'short'],
    ['TELEGRAM_CHATS', 'ops'],
    ['TELEGRAM_CHATS', '-0'],
    ['SLACK_URL', 'ops=ftp://host'],
    ['SLACK_URL', 'https://a https://b'],
    ['SLACK_URL', 'a=https://a a=https://b'],
    ['DISCORD_URL', 'discord'],
    ['SMTP_URL', 'http://host'],
    ['MAIL', 'from=a@b.example'],
    ['MAIL', 'from=a@b.example to=nobody'],
    ['HEARTBEAT_URL', 'often'],
    ['HEARTBEAT_EVERY', '1s'],
    ['LIMITS', 'ingest=0/1m'],
    ['LIMITS', 'ingest=5/1m ingest=6/1m'],
    ['LIMITS', 'cook=5/1m'],
    ['BODY_LIMITS', 'sent=12'],
    ['REDACTION', 'ip=maybe'],
    ['REDACTION', '__proto__=on'],
    ['MEMORY', '1mb'],
    ['TRUST_PROXY', 'everyone'],
    ['LOG_LEVEL', 'loud'],
  ])('%s does not take %j', (name, value) => {
    const faults = faultsOf({ [`CHRONOSCOPE_${name}`]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^CHRONOSCOPE_${name}: found .+, allowed is .+`));
  });

  test('an unknown variable is named, with the one that was meant', () => {
    expect(faultsOf({ CHRONOSCOPE_PROT: '1', CHRONOSCOPE_ADMIN_KYE_FILE: '/x' })).toEqual([
      'CHRONOSCOPE_ADMIN_KYE_FILE: found a variable that does not exist, did you mean CHRONOSCOPE_ADMIN_KEY_FILE?',
      'CHRONOSCOPE_PROT: found a variable that does not exist, did you mean CHRONOSCOPE_PORT?',
    ]);
    expect(faultsOf({ CHRONOSCOPE_XYZZY_PLUGH: '1' })[0]).toContain('docs/configuration.md');
  });

  test('a variable that is no secret has no file', () => {
    expect(faultsOf({ CHRONOSCOPE_PORT_FILE: '/x' })).toHaveLength(1);
  });

  test('what Kubernetes sets for a service of our name is explained', () => {
    expect(faultsOf({ CHRONOSCOPE_PORT: 'tcp://10.0.0.1:7070' })[0]).toContain('enableServiceLinks');
  });

  test('two ports cannot be one, nor a body shrink by decompression', () => {
    expect(faultsOf({ CHRONOSCOPE_PORT: '8123' })[0]).toMatch(/^CHRONOSCOPE_SQL_PORT: found 8123/);
    expect(faultsOf({ CHRONOSCOPE_BODY_LIMITS: 'expanded=1mb' })[0]).toMatch(/^CHRONOSCOPE_BODY_LIMITS: /);
  });
});

describe('secrets', () => {
  const value = 'hunter2-and-then-some';
  const names = ['ADMIN_KEY', 'TELEGRAM_TOKEN', 'GITHUB_TOKEN'] as const;

  test('come from files too, without the line end', () => {
    const env = Object.fromEntries(names.map((name) => [`CHRONOSCOPE_${name}_FILE`, `/run/${name}`]));
    const config = parseConfig(env, (path) => `${path}-secret\n`);
    expect(config.adminKey?.reveal()).toBe('/run/ADMIN_KEY-secret');
    expect(config.github.token?.reveal()).toBe('/run/GITHUB_TOKEN-secret');
  });

  test('a file that is missing, empty or one too many is a fault', () => {
    const env = { CHRONOSCOPE_ADMIN_KEY_FILE: '/run/key' };
    expect(faultsOf(env)[0]).toContain('"/run/key" (ENOENT)');
    expect(faultsOf(env, () => ' \n')[0]).toContain('an empty file');
    expect(faultsOf({ ...env, CHRONOSCOPE_ADMIN_KEY: value })[0]).toContain('allowed is one of the two');
  });

  test('are shown by no print and no fault', () => {
    const env = {
      CHRONOSCOPE_ADMIN_KEY: value,
      CHRONOSCOPE_READ: `http://u:${value}@host/db`,
      CHRONOSCOPE_LOG: `esdb://u:${value}@host`,
      CHRONOSCOPE_FEED: `kafka://u:${value}@host:1`,
      CHRONOSCOPE_REDIS_URL: `redis://u:${value}@host`,
      CHRONOSCOPE_WEBHOOK_URL: `https://host/${value}`,
      CHRONOSCOPE_SLACK_URL: `https://host/${value}`,
      CHRONOSCOPE_DISCORD_URL: `ops=https://host/${value}`,
      CHRONOSCOPE_HEARTBEAT_URL: `https://host/${value}`,
    };
    const config = parseConfig(env);
    const shown = [
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      `${config.adminKey}`,
    ];
    expect(shown.join()).not.toContain(value);
    expect(config.redisUrl?.reveal()).toContain(value);
    const broken = Object.fromEntries(Object.keys(env).map((name) => [name, `${value} !`]));
    const faults = faultsOf(broken);
    expect(faults).toHaveLength(9);
    expect(faults.join()).not.toContain(value);
  });

  test('an admin key that can be guessed is warned of', () => {
    expect(parseConfig({ CHRONOSCOPE_ADMIN_KEY: 'password1' }).warnings).toHaveLength(1);
    expect(parseConfig({ CHRONOSCOPE_ADMIN_KEY: 'x'.repeat(40) }).warnings).toEqual([]);
  });
});
