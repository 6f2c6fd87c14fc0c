import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrangeAnalysts } from '../../src/adapters/clickhouse/analystAccounts.ts';
import {
  accountStatements,
  removalStatement,
  roleStatements,
} from '../../src/adapters/clickhouse/analystStatements.ts';
import { defaultLimits } from '../../src/api/sql/ports.ts';
import { Secret } from '../../src/domain/secret.ts';
import { serverLayout } from '../../src/domain/storeLayout.ts';
import { publicViews } from '../../src/projections/catalogue.ts';
import type { ReadStore } from '../../src/projections/ports.ts';
import { createRunner } from '../../src/projections/runner.ts';
import { dropReadModels, storeOn, testedServers } from '../support/clickhouseServers.ts';
import { type ClickHouseStandIn, clickHouseStandIn } from '../support/clickhouseStandIn.ts';
import { event } from '../support/events.ts';
import { emptyHouse } from '../support/versions.ts';

const database = 'test_seen';
const password = 'not-to-be-seen-7c1d';
const ann = { name: 'test_ann', password: new Secret(password) };
const choice = { accounts: [ann], views: publicViews, limits: { ...defaultLimits, threads: 2 } };

let standIn: ClickHouseStandIn;
beforeAll(async () => {
  const grants = roleStatements(serverLayout({ database }), publicViews, defaultLimits, new Set())
    .filter((one) => one.startsWith('GRANT'))
    .map((one) => one.replace(/ TO \w+ WITH REPLACE OPTION$/, ''));
  standIn = await clickHouseStandIn([{ name: `${database}_analyst`, grants }]);
});
afterAll(() => standIn.close());

/** Statements of accounts, and what a store has of them. */
function accountsStore(
  has: { ours?: { name: string; roles: string }[]; strangers?: { name: string }[] } = {},
) {
  const commands: string[] = [];
  const store: ReadStore = {
    layout: serverLayout({ database, definer: 'engine' }),
    async command(sql) {
      commands.push(sql);
    },
    query: <T>(sql: string) =>
      Promise.resolve((sql.includes('system.users') ? (has.strangers ?? []) : (has.ours ?? [])) as T[]),
    insert: () => Promise.reject(new Error('nothing is inserted')),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { store, commands };
}

describe('the accounts of analysts', () => {
  it('follow the configuration: a new password is set, and who is named no more is gone', async () => {
    const { store, commands } = accountsStore({
      ours: [
        { name: 'test_ann', roles: '1' },
        { name: 'test_bob', roles: '1' },
        { name: 'test_cleo', roles: '2' },
      ],
    });
    const outcome = await arrangeAnalysts(store, choice);
    expect(outcome).toEqual({ kind: 'arranged', accounts: 1, removed: ['test_bob', 'test_cleo'] });
    expect(commands).toContainEqual(
      expect.stringMatching(/^ALTER USER 'test_ann' IDENTIFIED WITH sha256_hash/),
    );
    expect(commands.at(-2)).toBe("DROP USER IF EXISTS 'test_bob'");
    expect(commands.at(-1), 'reads other read models too').toBe("REVOKE test_seen_analyst FROM 'test_cleo'");
  });

  it('never tell a password, and no two starts the same hash', async () => {
    const { store, commands } = accountsStore();
    await arrangeAnalysts(store, choice);
    await arrangeAnalysts(store, choice);
    expect(commands.join()).not.toContain(password);
    const hashes = commands.flatMap((sql) => /^ALTER USER .* BY '(\w{64})'/.exec(sql)?.[1] ?? []);
    expect(new Set(hashes).size).toBe(2);
  });

  it('leave accounts alone that others have made', async () => {
    const { store, commands } = accountsStore({ strangers: [{ name: 'test_ann' }] });
    expect(await arrangeAnalysts(store, choice)).toEqual({
      kind: 'refused',
      reason: expect.stringContaining(
        'accounts called test_ann that were not made from CHRONOSCOPE_ANALYSTS',
      ),
    });
    expect(commands).toEqual([]);
  });

  it('are nothing to a store where none were ever named', async () => {
    const { store, commands } = accountsStore();
    expect(await arrangeAnalysts(store, { ...choice, accounts: [] })).toMatchObject({ kind: 'arranged' });
    expect(commands).toEqual([]);
  });

  const refusals = [
    [
      'the service may not make any',
      {
        code: '497',
        message:
          "engine: Not enough privileges. To execute this query, it's necessary to have the grant CREATE ROLE ON *.*. (ACCESS_DENIED)",
      },
      /^engine lacks CREATE ROLE ON \*; give it <access_management>1<\/access_management>, or: GRANT CREATE USER/,
    ],
    [
      'the server can keep none',
      { code: '514', message: 'no writeable access storage' },
      /<local_directory>/,
    ],
  ] as const;
  it.each(refusals)('are refused with what is to be done when %s', async (_, failure, says) => {
    const { store } = accountsStore();
    const refusing = { ...store, command: () => Promise.reject(Object.assign(new Error(), failure)) };
    const outcome = await arrangeAnalysts(refusing, choice);
    expect(outcome).toEqual({ kind: 'refused', reason: expect.stringMatching(says) });
  });

  it('pass on what is no refusal', async () => {
    const { store } = accountsStore();
    const away = { ...store, command: () => Promise.reject(new Error('ECONNREFUSED')) };
    await expect(arrangeAnalysts(away, choice)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('what a server is told of accounts', () => {
  it.each([undefined, 'main'])('is understood by the engine, with %s as the cluster', async (cluster) => {
    const layout = serverLayout({ database, cluster });
    const real = standIn.openSession();
    const known = new Set(['max_execution_time', 'timeout_overflow_mode', 'max_threads', 'allow_ddl']);
    const roles = roleStatements(layout, ['requests', 'errors'], defaultLimits, known);
    const accounts = accountStatements(layout, ann, 'ab12');
    const removals = [true, false].map((readsOthers) => removalStatement(layout, 'test_bob', readsOthers));
    for (const statement of [...roles, ...accounts, ...removals]) {
      await real.queryAsync(`EXPLAIN AST ${statement}`);
      expect(statement.includes(" ON CLUSTER 'main'")).toBe(cluster !== undefined);
    }
    real.close();
    expect(roles[1]).toContain(
      "SETTINGS readonly = 2 CONST, max_execution_time = 30 MIN 1 MAX 30, timeout_overflow_mode = 'throw' CONST, max_threads = 1 MIN 1 MAX 1, allow_ddl = 0 CONST",
    );
    expect(roles[3]).toMatch(
      /SELECT ON test_seen.requests, SELECT ON test_seen.errors TO test_seen_analyst WITH/,
    );
  });
});

describe('analysts on a server', () => {
  const beyond = [
    ['the tables behind', 'SELECT * FROM test_seen_store.requests_v1g1'],
    ['other databases', 'SELECT * FROM test_other.secrets'],
    ['addresses', "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')"],
    ['files', "SELECT * FROM file('/etc/passwd', 'LineAsString')"],
    ['other servers', "SELECT * FROM remote('127.0.0.1:9001', system.one)"],
    ['what it would write', "INSERT INTO test_seen_store.silence_steps_v1g1 (id) VALUES ('x')"],
    ['what it would make', 'CREATE TABLE test_seen.mine (a Int8) ENGINE = MergeTree ORDER BY a'],
    ['what it would drop', 'DROP VIEW test_seen.requests'],
    ['accounts', "CREATE USER test_mine IDENTIFIED BY 'x'"],
  ] as const;

  it.each(testedServers)(
    'an analyst reaches the views and nothing else: $name',
    async (server) => {
      const store = storeOn(server, standIn, database);
      const house = await emptyHouse(store);
      const runner = await createRunner(house.deps);
      runner.start();
      await runner.reached(await house.append([event('RequestCompleted')]), 20_000);
      await store.command('CREATE DATABASE IF NOT EXISTS test_other');
      await store.command(
        'CREATE TABLE IF NOT EXISTS test_other.secrets (a Int8) ENGINE = MergeTree ORDER BY a',
      );
      expect(await arrangeAnalysts(store, choice)).toMatchObject({ kind: 'arranged', accounts: 1 });

      const analyst = server.isStandIn
        ? await inRole()
        : asAccount(storeOn(server, standIn, database, { name: ann.name, password }));
      for (const view of publicViews) await analyst.ask(`SELECT * FROM ${database}.${view} LIMIT 1`);
      expect(await analyst.ask(`SELECT count() AS n FROM ${database}.requests`)).toContain('1');
      for (const [what, sql] of beyond) {
        await expect(analyst.ask(sql), what).rejects.toThrow(
          /Not enough privileges|ACCESS_DENIED|READONLY|readonly/,
        );
      }
      if (!server.isStandIn) {
        const lifted = 'SELECT 1 SETTINGS max_execution_time = 0';
        await expect(analyst.ask(lifted)).rejects.toThrow(/max_execution_time/);
      }
      await analyst.close();
      await runner.stop();
      expect(await arrangeAnalysts(store, { ...choice, accounts: [] })).toMatchObject({ kind: 'arranged' });
      await dropReadModels(store);
      await store.command('DROP DATABASE IF EXISTS test_other SYNC');
      await store.close();
    },
    60_000,
  );

  interface Analyst {
    ask(sql: string): Promise<string>;
    close(): Promise<void>;
  }

  /** The stand-in makes no accounts; a session that takes on their role has the same rights. */
  async function inRole(): Promise<Analyst> {
    const session = standIn.openSession();
    await session.queryAsync(`SET ROLE ${database}_analyst`);
    return {
      ask: async (sql) => (await session.queryAsync(sql)).text(),
      close: async () => session.close(),
    };
  }

  const asAccount = (own: ReadStore): Analyst => ({
    ask: async (sql) => JSON.stringify(await own.query(sql)),
    close: () => own.close(),
  });
});
