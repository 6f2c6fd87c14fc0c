import { readFileSync } from 'node:fs';
import { faultText } from './domain/alerts/rules/faults.ts';
import { readRules } from './domain/alerts/rules/read.ts';
import { nearest } from './domain/nearest.ts';
import { Secret } from './domain/secret.ts';
import { feedOf, logOf, readOf, storeClashes, storeWarnings } from './domain/storeSettings.ts';
import { type Settings, type Variable, type VariableName, variables } from './domain/variables.ts';

const prefix = 'CHRONOSCOPE_';
const names = Object.keys(variables) as VariableName[];

/** Every fault of the environment at once, one line each; the start ends with exit 78. */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

export type Config = ReturnType<typeof arrange>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment once. What it gives back is frozen, and shows its secrets to nobody who prints it. */
export function parseConfig(
  env: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Config {
  const faults = unknownNames(env);
  const values: Partial<Record<VariableName, unknown>> = {};
  for (const name of names) {
    const result = readVariable(name, env, readFile);
    if ('fault' in result) faults.push(result.fault);
    else values[name] = result.value;
  }
  if (faults.length > 0) throw new ConfigError(faults);
  // Every variable has passed its schema, which is what this type says.
  const settings = values as Settings;
  const rules = readRulesFile(settings.RULES, readFile);
  const clashes = [...clashesOf(settings), ...rules.faults];
  if (clashes.length > 0) throw new ConfigError(clashes);
  return deepFreeze(arrange(settings, rules.text));
}

type Result = { value: unknown } | { fault: string };

function readVariable(name: VariableName, env: Environment, readFile: (path: string) => string): Result {
  const definition: Variable = variables[name];
  const given = textOf(name, definition, env, readFile);
  if (typeof given === 'object') return given;
  const text = given ?? definition.fallback;
  if (text === undefined) return { value: undefined };
  const result = definition.schema.safeParse(text);
  if (result.success) return { value: result.data };
  const found = definition.secret ? 'a value that is not shown here' : JSON.stringify(text.slice(0, 200));
  return { fault: `${prefix}${name}: found ${found}, allowed is ${definition.allowed}${hintFor(text)}` };
}

/** A file that cannot be read, or says what makes no sense, is a bad value like any other. */
function readRulesFile(
  path: string | undefined,
  readFile: (path: string) => string,
): { text?: string; faults: string[] } {
  if (path === undefined) return { faults: [] };
  const fault = (problem: string) => `${prefix}RULES: ${path}: ${problem}`;
  try {
    const text = readFile(path);
    const read = readRules(text);
    return read.kind === 'read'
      ? { text, faults: [] }
      : { faults: read.faults.map((one) => fault(faultText(one))) };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { faults: [fault(`found a file that cannot be read (${reason})`)] };
  }
}

/** An empty variable is one that is not set: Compose files pass on such. */
function textOf(
  name: VariableName,
  definition: Variable,
  env: Environment,
  readFile: (path: string) => string,
): string | undefined | { fault: string } {
  const direct = env[prefix + name] || undefined;
  const path = definition.secret ? env[`${prefix}${name}_FILE`] || undefined : undefined;
  if (path === undefined) return direct;
  const fileName = `${prefix}${name}_FILE`;
  if (direct !== undefined)
    return { fault: `${fileName}: found beside ${prefix}${name}, allowed is one of the two` };
  try {
    const text = readFile(path).trim();
    return text === ''
      ? { fault: `${fileName}: found an empty file, allowed is ${definition.allowed}` }
      : text;
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return {
      fault: `${fileName}: found ${JSON.stringify(path)} (${reason}), allowed is a file that can be read`,
    };
  }
}

/** Kubernetes sets such for a service of our name, and they mean something else. */
const hintFor = (text: string): string =>
  text.startsWith('tcp://') ? ' (Kubernetes sets this one itself: turn enableServiceLinks off)' : '';

function unknownNames(env: Environment): string[] {
  const known = names.flatMap((name) =>
    isSecret(name) ? [prefix + name, `${prefix}${name}_FILE`] : [prefix + name],
  );
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !known.includes(name))
    .sort()
    .map((name) => {
      const meant = nearest(
        name.slice(prefix.length),
        known.map((one) => one.slice(prefix.length)),
      );
      const advice =
        meant === undefined ? 'docs/configuration.md lists all' : `did you mean ${prefix}${meant}?`;
      return `${name}: found a variable that does not exist, ${advice}${hintFor(env[name] ?? '')}`;
    });
}

const isSecret = (name: VariableName): boolean => (variables[name] as Variable).secret === true;

/** What is right by itself but not together. */
function clashesOf(settings: Settings): string[] {
  const faults: string[] = [];
  const { PORT, SQL_PORT, BODY_LIMITS, READ } = settings;
  if (SQL_PORT === PORT && PORT !== 0 && READ === 'chdb:') {
    faults.push(
      `${prefix}SQL_PORT: found ${PORT}, which ${prefix}PORT has too, allowed is another port or off`,
    );
  }
  if (BODY_LIMITS.expanded < BODY_LIMITS.sent) {
    faults.push(`${prefix}BODY_LIMITS: found expanded below sent, allowed is the same or more`);
  }
  for (const [name, fault] of storeClashes(settings)) faults.push(`${prefix}${name}: ${fault}`);
  for (const [name, other] of together) {
    if (settings[name] !== undefined && settings[other] === undefined)
      faults.push(`${prefix}${name}: found without ${prefix}${other}, allowed is both or neither`);
  }
  return faults;
}

/** The first of each says nothing without the second. */
const together = [
  ['MAIL', 'SMTP_URL'],
  ['SMTP_URL', 'MAIL'],
  ['TELEGRAM_CHATS', 'TELEGRAM_TOKEN'],
  ['WEBHOOK_SECRET', 'WEBHOOK_URL'],
] as const;

const secret = (text: string | undefined): Secret | undefined =>
  text === undefined ? undefined : new Secret(text);

/** Variables into the groups that the parts of the program take. */
function arrange(settings: Settings, rules: string | undefined) {
  const { LIMITS: limits, RETENTION: retention } = settings;
  return {
    http: {
      host: settings.HOST,
      port: settings.PORT,
      bodyLimitBytes: settings.BODY_LIMITS.sent,
      expandedBodyLimitBytes: settings.BODY_LIMITS.expanded,
      requestTimeoutMs: 30_000,
      trustProxy: settings.TRUST_PROXY ?? [],
    },
    dataFolder: settings.DATA,
    adminKey: secret(settings.ADMIN_KEY),
    log: logOf(settings),
    feed: feedOf(settings),
    read: readOf(settings),
    pseudonymKey: secret(settings.PSEUDONYM_KEY),
    roles: settings.ROLES,
    sql: { port: settings.SQL_PORT, host: settings.HOST, ...sqlLimits(settings) },
    rules:
      settings.RULES === undefined || rules === undefined ? undefined : { path: settings.RULES, text: rules },
    redisUrl: secret(settings.REDIS_URL),
    channels: channelsOf(settings),
    heartbeat: heartbeatOf(settings),
    telegram: { token: secret(settings.TELEGRAM_TOKEN), api: settings.TELEGRAM_API },
    github: { token: secret(settings.GITHUB_TOKEN), api: settings.GITHUB_API },
    retentionDays: {
      raw: retention.raw.days,
      minutes: retention.minutes.days,
      hours: retention.hours.days,
      kept: undefined,
    },
    limits: {
      ingest: limits.ingest.policy,
      read: limits.read.policy,
      address: limits.address.policy,
      open: limits.open.policy,
      failed: limits.failed.policy,
    },
    redaction: { kinds: settings.REDACTION, extraKeys: settings.REDACTION_KEYS ?? [] },
    logLevel: settings.LOG_LEVEL,
    warnings: warningsOf(settings),
  };
}

const channelsOf = ({
  WEBHOOK_URL,
  TELEGRAM_TOKEN,
  TELEGRAM_CHATS,
  SMTP_URL,
  MAIL,
  ...settings
}: Settings) => ({
  webhook:
    WEBHOOK_URL === undefined
      ? undefined
      : { url: new Secret(WEBHOOK_URL), secret: secret(settings.WEBHOOK_SECRET) },
  telegram:
    TELEGRAM_TOKEN === undefined || TELEGRAM_CHATS === undefined
      ? undefined
      : { token: new Secret(TELEGRAM_TOKEN), api: settings.TELEGRAM_API, chats: TELEGRAM_CHATS },
  slack: (settings.SLACK_URL ?? []).map(({ name, url }) => ({ name, url: new Secret(url) })),
  discord: (settings.DISCORD_URL ?? []).map(({ name, url }) => ({ name, url: new Secret(url) })),
  email: SMTP_URL === undefined || MAIL === undefined ? undefined : { smtp: new Secret(SMTP_URL), ...MAIL },
});

const heartbeatOf = ({ HEARTBEAT_URL, HEARTBEAT_EVERY }: Settings) =>
  HEARTBEAT_URL === undefined ? undefined : { url: new Secret(HEARTBEAT_URL), everyMs: HEARTBEAT_EVERY };

const sqlLimits = ({ SQL_LIMITS: { time, memory, rows } }: Settings) => ({
  maxTimeMs: time,
  maxMemoryBytes: memory,
  maxRows: rows,
});

function warningsOf(settings: Settings): string[] {
  const { ADMIN_KEY, TELEGRAM_TOKEN, TELEGRAM_CHATS, GITHUB_TOKEN } = settings;
  const warnings = storeWarnings(settings);
  if (ADMIN_KEY !== undefined && ADMIN_KEY.length < 24)
    warnings.push(`${prefix}ADMIN_KEY is short enough to be guessed; 32 random characters are not.`);
  if (TELEGRAM_TOKEN !== undefined && TELEGRAM_CHATS === undefined)
    warnings.push(
      `${prefix}TELEGRAM_TOKEN is set without ${prefix}TELEGRAM_CHATS, so that no notification goes to Telegram.`,
    );
  if (GITHUB_TOKEN !== undefined)
    warnings.push(`${prefix}GITHUB_TOKEN is set, but this version has nothing that uses it.`);
  return warnings;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
