import { type AnalystLimits, defaultLimits, type SqlServerDeps } from '../../../src/api/sql/ports.ts';
import { createSqlServer } from '../../../src/api/sql/server.ts';
import { smallStore, views } from './fixture.ts';

export const keys = { all: 'key-of-all-projects', a: 'key-of-project-a', ingest: 'key-that-sends' };

const callers = {
  [keys.all]: { keyId: 'k1', role: 'user', project: '*' },
  [keys.a]: { keyId: 'k2', role: 'user', project: 'a' },
  [keys.ingest]: { keyId: 'k3', role: 'ingest', project: '*' },
} as const;

type Store = Awaited<ReturnType<typeof smallStore>>;

export interface Serving {
  url: string;
  store: Store;
  ask(
    sql: string,
    init?: { key?: string; query?: string; headers?: Record<string, string> },
  ): Promise<{ status: number; headers: Headers; text: string }>;
  close(): Promise<void>;
}

/** The door over a small store, on a free port of the loopback; a process has one store, so a second door is beside. */
export async function serving(
  options: { limits?: Partial<AnalystLimits>; deps?: Partial<SqlServerDeps>; beside?: Serving } = {},
) {
  const store: Store = options.beside?.store ?? (await smallStore(options.limits));
  const server = createSqlServer({
    engine: store.engine,
    allowed: { database: 'chronoscope', views },
    authenticate: (_user, key) => Object.entries(callers).find(([known]) => known === key)?.[1],
    limit: () => ({ allowed: true, headers: { 'RateLimit-Limit': '1000', 'RateLimit-Remaining': '999' } }),
    limits: { ...defaultLimits, seconds: 5, ...options.limits },
    ...options.deps,
  });
  const { port } = await server.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    store,
    async ask(sql: string, init: Parameters<Serving['ask']>[1] = {}) {
      const response = await fetch(`${url}/?${init.query ?? ''}`, {
        method: 'POST',
        body: sql,
        headers: { 'X-ClickHouse-User': 'anyone', 'X-ClickHouse-Key': init.key ?? keys.all, ...init.headers },
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    async close() {
      await server.close();
      if (options.beside === undefined) await store.close();
    },
  };
}
