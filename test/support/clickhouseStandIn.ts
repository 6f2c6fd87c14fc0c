import { mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drainPending, Session } from 'chdb';
import type { ChdbEngine } from '../../src/adapters/chdb/engine.ts';

/**
 * A stand-in for a ClickHouse server: a little of its HTTP interface in front of the embedded engine, which is the same
 * engine. It is its own cluster of one node with one shard, so that spread tables and their tokens are the engine's own.
 * What the engine cannot do inside a process is parsed by it, noted, and then carried out without: `ON CLUSTER`,
 * replication, and accounts.
 */
export interface ClickHouseStandIn {
  url: string;
  cluster: string;
  /** Every statement that came, as the client sent it. */
  statements: string[];
  /** Settings that came with the statement of the same place. */
  settings: Record<string, string>[];
  /** The engine behind it, as the embedded profile has one. */
  embedded: ChdbEngine;
  openSession(): Session;
  isAtWork(queryId: string): Promise<boolean>;
  /** Until it resolves, inserts are taken and not begun; the client may give up meanwhile. */
  hold(release: Promise<void>): void;
  /** No connection is taken until `wake`. */
  sleep(): Promise<void>;
  wake(): Promise<void>;
  close(): Promise<void>;
}

export const standInCluster = 'one';
/** Grants of a role that the engine knows from its start, since it makes none later. */
interface Role {
  name: string;
  grants: readonly string[];
}

export async function clickHouseStandIn(roles: readonly Role[] = []): Promise<ClickHouseStandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'chronoscope-standin-'));
  const path = join(folder, 'store');
  await mkdir(path);
  await writeFile(join(folder, 'users.xml'), users(roles));
  await writeFile(join(folder, 'engine.xml'), config(join(folder, 'users.xml')));
  const engine = new Session(path, { connectionArgs: [`--config-file=${join(folder, 'engine.xml')}`] });
  const known = new Set(
    (await engine.queryAsync('SELECT name FROM system.settings', { format: 'TSVRaw' })).text().split('\n'),
  );
  const statements: string[] = [];
  const sent: Record<string, string>[] = [];
  let held: Promise<void> = Promise.resolve();
  let spooled = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const body = await bodyOf(request);
    const query = url.searchParams.get('query');
    const statement = query ?? body.toString();
    const given = Object.fromEntries(url.searchParams);
    statements.push(statement);
    sent.push(given);
    if (/^INSERT INTO \S+ \(.*FORMAT RowBinary/s.test(statement)) await held;
    const session = new Session(path);
    const file = join(folder, `${++spooled}.rows`);
    try {
      for (const set of settingsOf(given, known)) await session.queryAsync(set);
      if (/\bON CLUSTER\b/.test(statement)) await session.queryAsync(`EXPLAIN AST ${statement}`);
      if (query !== null) await writeFile(file, body);
      const runs =
        query === null ? statement : statement.replace(/ FORMAT /, ` FROM INFILE '${file}' FORMAT `);
      const text = isOfAccounts(statement) ? '' : (await session.queryAsync(onOneNode(runs))).text();
      response.writeHead(200, { 'x-clickhouse-query-id': given.query_id ?? '' }).end(text);
    } catch (error) {
      // What has failed in a session of this engine is listed as at work until its next statement.
      await session.queryAsync('SELECT 1');
      const message = error instanceof Error ? error.message : String(error);
      const code = /^Code: (\d+)/.exec(message)?.[1] ?? '0';
      response.writeHead(500, { 'x-clickhouse-exception-code': code }).end(message);
    } finally {
      session.close();
      if (query !== null) await unlink(file).catch(() => undefined);
    }
  }

  const serve = () =>
    createServer((request, response) => {
      answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  let server = serve();
  const listen = (port: number) =>
    new Promise<number>((resolve) => {
      server.listen(port, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  const shut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const port = await listen(0);
  return {
    url: `http://default@127.0.0.1:${port}`,
    cluster: standInCluster,
    statements,
    settings: sent,
    embedded: {
      path,
      spoolFolder: folder,
      connectionArgs: [],
      openSession: () => new Session(path),
      close: () => Promise.resolve(),
    },
    openSession: () => new Session(path),
    async isAtWork(queryId) {
      const result = await engine.queryAsync(
        `SELECT count() FROM system.processes WHERE Settings['log_comment'] = '${queryId}'`,
        { format: 'TSVRaw' },
      );
      return result.text().trim() !== '0';
    },
    hold(release) {
      held = release;
    },
    sleep: shut,
    async wake() {
      server = serve();
      await listen(port);
    },
    async close() {
      await shut();
      await drainPending();
      engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Its one node listens to no other, so that what lies on it is always read in the process. */
const passedOver = new Set(['prefer_localhost_replica', 'log_comment', 'enable_http_compression']);

function settingsOf(given: Record<string, string>, known: ReadonlySet<string>): string[] {
  const settings = Object.entries(given).filter(([name]) => known.has(name) && !passedOver.has(name));
  const all = [...settings, ['log_comment', given.query_id ?? '']];
  return all.map(([name, value]) => `SET ${name} = '${value}'`);
}

const isOfAccounts = (statement: string): boolean =>
  /^(CREATE|ALTER|DROP) (USER|ROLE|QUOTA|SETTINGS PROFILE)|^(GRANT|REVOKE)/.test(statement);

/** The same statement for an engine without Keeper; queries are known to it by their comment. */
const onOneNode = (statement: string): string =>
  statement
    .replace(/ ON CLUSTER '\w+'/, '')
    .replace(/Replicated(\w*MergeTree)\('[^']*', '[^']*'\)/, '$1')
    .replace(/\breplicated_deduplication_window = (\d+)/, 'non_replicated_deduplication_window = $1')
    .replaceAll('initial_query_id', "Settings['log_comment']");

const users = (roles: readonly Role[]): string => `<clickhouse>
  <profiles><default/></profiles><quotas><default/></quotas>
  <roles>
    <program><grants><query>GRANT ALL ON *.*</query></grants></program>
${roles
  .map(
    ({ name, grants }) =>
      `<${name}><grants>${grants.map((g) => `<query>${g}</query>`).join('')}</grants></${name}>`,
  )
  .join('\n')}
  </roles>
  <users><default>
    <password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
    <grants><query>GRANT program</query>${roles.map(({ name }) => `<query>GRANT ${name}</query>`).join('')}</grants>
  </default></users>
</clickhouse>`;

const config = (usersFile: string): string => `<clickhouse>
  <users_config>${usersFile}</users_config>
  <timezone>UTC</timezone>
  <tcp_port>9000</tcp_port>
  <max_server_memory_usage>419430400</max_server_memory_usage>
  <background_pool_size>2</background_pool_size>
  <background_merges_mutations_concurrency_ratio>1</background_merges_mutations_concurrency_ratio>
  <background_schedule_pool_size>2</background_schedule_pool_size>
  <merge_tree>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
  <macros><shard>01</shard><replica>first</replica></macros>
  <remote_servers><${standInCluster}><shard><internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9000</port></replica></shard></${standInCluster}></remote_servers>
</clickhouse>`;
