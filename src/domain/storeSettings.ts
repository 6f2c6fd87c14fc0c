import { Secret } from './secret.ts';
import { isDatabaseName } from './storeLayout.ts';
import { processRoles, type Settings } from './variables.ts';

/** Where the log, the feed and the read models live, as the variables say it; and which of that goes together. */

type StoreSettings = Pick<
  Settings,
  'LOG' | 'FEED' | 'LANES' | 'READ' | 'MEMORY' | 'CLUSTER' | 'ANALYSTS' | 'ROLES' | 'PSEUDONYM_KEY'
>;

export const logOf = ({ LOG }: StoreSettings) =>
  LOG === 'lmdb:' ? { kind: 'lmdb' as const } : { kind: 'eventstore' as const, url: new Secret(LOG) };

const kafkaParts = /^kafkas?:\/\/(?:([^:]+):([^@]+)@)?([^/?]+)(?:\/([^?]+))?(?:\?mechanism=(.+))?$/;
const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const defaultTopic = 'chronoscope';

export function feedOf({ FEED, LANES: lanes }: StoreSettings) {
  if (FEED === 'log:') return { kind: 'log' as const };
  const [, username, password = '', brokers = '', topic = defaultTopic, given] = kafkaParts.exec(FEED) ?? [];
  const mechanism = mechanisms.find((name) => name === given);
  const credentials =
    username === undefined
      ? undefined
      : {
          username: decoded(username) ?? username,
          password: new Secret(decoded(password) ?? password),
          ...(mechanism !== undefined && { mechanism }),
        };
  const tls = FEED.startsWith('kafkas:');
  return { kind: 'kafka' as const, brokers: brokers.split(','), credentials, tls, topic, lanes };
}

export const readOf = ({ READ, MEMORY, CLUSTER, ANALYSTS }: StoreSettings) =>
  READ === 'chdb:'
    ? { kind: 'chdb' as const, memoryBytes: MEMORY }
    : {
        kind: 'clickhouse' as const,
        url: new Secret(READ),
        database: databaseOf(READ),
        cluster: CLUSTER,
        analysts: (ANALYSTS ?? []).map(accountOf),
      };

const defaultDatabase = 'chronoscope';

function databaseOf(url: string): string {
  const { pathname } = new URL(url);
  const path = (decoded(pathname) ?? pathname).replace(/^\/|\/$/g, '');
  return path === '' ? defaultDatabase : path;
}

/** Undefined when a `%` begins no character. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function accountOf(item: string) {
  const [name = ''] = item.split(':');
  return { name, password: new Secret(item.slice(name.length + 1)) };
}

/** What is right by itself but not together: each name of a variable with what is wrong with it. */
export function storeClashes(settings: StoreSettings): [name: string, fault: string][] {
  const { LOG, FEED, READ, ROLES, CLUSTER, ANALYSTS } = settings;
  const clashes: [string, string][] = [];
  for (const [name, address] of [
    ['FEED', FEED],
    ['READ', READ],
  ] as const)
    if (decoded(address) === undefined)
      clashes.push([name, 'found a % that begins no character, allowed is %25 in its place']);
  const isWhole = processRoles.every((role) => ROLES.includes(role));
  if (!isWhole && LOG === 'lmdb:')
    clashes.push([
      'ROLES',
      'found some of the roles with a log in lmdb:, which one process alone can open, allowed is all of them, or a log that is a server',
    ]);
  if (!isWhole && ROLES.includes('relay') && FEED === 'log:')
    clashes.push([
      'ROLES',
      'found relay with a feed in log:, which nobody has to relay, allowed is relay with kafka:// in FEED',
    ]);
  if (READ === 'chdb:') {
    const halves = ['project', 'api'].filter((role) => ROLES.includes(role));
    if (halves.length === 1)
      clashes.push([
        'ROLES',
        `found ${halves[0]} alone with read models in chdb:, which are within one process, allowed is project and api together, or a ClickHouse server`,
      ]);
    for (const [name, value] of [
      ['CLUSTER', CLUSTER],
      ['ANALYSTS', ANALYSTS],
    ] as const)
      if (value !== undefined)
        clashes.push([name, 'found with read models in chdb:, allowed is a ClickHouse server in READ']);
  } else if (!isDatabaseName(databaseOf(READ)))
    clashes.push(['READ', 'found a database whose name needs quoting, allowed are letters, digits and _']);
  return clashes;
}

const pseudonymWarning =
  'CHRONOSCOPE_PSEUDONYM_KEY is not set: with several processes that take events in, the same address gets several pseudonyms.';
const botWarning =
  'CHRONOSCOPE_ROLES names bot, but this version has nothing that it does: notifications to Telegram are sent by notify.';

/** Several processes that take events in and make a pseudonym each by itself would make two of one address. */
export function storeWarnings({ LOG, PSEUDONYM_KEY, ROLES }: StoreSettings): string[] {
  const warnings: string[] = [];
  if (LOG !== 'lmdb:' && PSEUDONYM_KEY === undefined && ROLES.includes('ingest'))
    warnings.push(pseudonymWarning);
  if (ROLES.includes('bot') && processRoles.some((role) => !ROLES.includes(role))) warnings.push(botWarning);
  return warnings;
}
