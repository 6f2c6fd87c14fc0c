import { isDatabaseName } from '../../domain/storeLayout.ts';

export interface StoreAddress {
  /** Without user, password and database. */
  endpoint: string;
  user: string;
  password: string;
  database: string;
}

const defaultDatabase = 'chronoscope';

/**
 * The parts of `http(s)://user:password@host:8123/database`. The database is not left to the client, which would ask
 * for it with every statement, and so with the one that makes it.
 */
export function addressOf(url: string): StoreAddress {
  const { protocol, host, search, pathname, username, password } = new URL(url);
  const database = decodeURIComponent(pathname.replace(/^\/+|\/+$/g, '')) || defaultDatabase;
  if (!isDatabaseName(database)) {
    throw new Error(
      `the read store's database is called ${JSON.stringify(database)}, which is no plain name`,
    );
  }
  return {
    endpoint: `${protocol}//${host}${search}`,
    user: decodeURIComponent(username) || 'default',
    password: decodeURIComponent(password),
    database,
  };
}
