import { randomBytes } from 'node:crypto';
import type { AnalystLimits } from '../../api/sql/ports.ts';
import type { ReadStore } from '../../projections/ports.ts';
import { sql } from '../../projections/sql.ts';
import {
  type AnalystAccount,
  accountProfile,
  accountStatements,
  removalStatement,
  roleOf,
  roleStatements,
} from './analystStatements.ts';

export interface AnalystsChoice {
  accounts: readonly AnalystAccount[];
  views: readonly string[];
  limits: AnalystLimits;
}

export type AnalystsOutcome =
  | { kind: 'arranged'; accounts: number; removed: readonly string[] }
  /** For people: what is missing, and what to do. */
  | { kind: 'refused'; reason: string };

/**
 * Brings the accounts of analysts on a server to what the configuration says: made, with today's passwords, limits and
 * views, and gone when they are named no more. Accounts that others have made are not touched. To be called when the
 * views are there, and at every start: several processes may be at it at once.
 */
export async function arrangeAnalysts(store: ReadStore, choice: AnalystsChoice): Promise<AnalystsOutcome> {
  const { accounts, views, limits } = choice;
  const { layout } = store;
  try {
    const ours = await accountsOf(store);
    if (accounts.length === 0 && ours.length === 0) return { kind: 'arranged', accounts: 0, removed: [] };
    const strangers = await namesOfOthers(store, accounts);
    if (strangers.length > 0) return { kind: 'refused', reason: takenReason(strangers) };
    const known = await settingsOf(store);
    for (const statement of roleStatements(layout, views, limits, known)) await store.command(statement);
    for (const account of accounts) {
      const salt = randomBytes(16).toString('hex');
      for (const statement of accountStatements(layout, account, salt)) await store.command(statement);
    }
    const gone = ours.filter(({ name }) => !accounts.some((account) => account.name === name));
    for (const { name, roles } of gone) {
      await store.command(removalStatement(layout, name, roles !== '1'));
    }
    return { kind: 'arranged', accounts: accounts.length, removed: gone.map(({ name }) => name) };
  } catch (error) {
    const reason = refusal(error, layout.definer ?? 'the account');
    if (reason === undefined) throw error;
    // Whoever names no analysts need not be able to make any.
    return accounts.length === 0
      ? { kind: 'arranged', accounts: 0, removed: [] }
      : { kind: 'refused', reason };
  }
}

/** Accounts that were made from configuration and read these views, with how many roles they have in all. */
const accountsOf = (store: ReadStore): Promise<{ name: string; roles: string }[]> =>
  store.query(sql`SELECT user_name AS name, toString(uniqExact(granted_role_name)) AS roles FROM system.role_grants
WHERE user_name IN (SELECT user_name FROM system.settings_profile_elements WHERE inherit_profile = ${accountProfile})
GROUP BY user_name HAVING has(groupArray(granted_role_name), ${roleOf(store.layout)}) ORDER BY name`);

async function settingsOf(store: ReadStore): Promise<ReadonlySet<string>> {
  const rows = await store.query<{ name: string }>('SELECT name FROM system.settings');
  return new Set(rows.map(({ name }) => name));
}

async function namesOfOthers(store: ReadStore, accounts: readonly AnalystAccount[]): Promise<string[]> {
  const names = accounts.map(({ name }) => name);
  const found = await store.query<{ name: string }>(
    sql`SELECT name FROM system.users WHERE has(${names}, name)
AND name NOT IN (SELECT assumeNotNull(user_name) FROM system.settings_profile_elements WHERE inherit_profile = ${accountProfile} AND user_name IS NOT NULL) ORDER BY name`,
  );
  return found.map(({ name }) => name);
}

const takenReason = (names: readonly string[]): string =>
  `the server has accounts called ${names.join(', ')} that were not made from CHRONOSCOPE_ANALYSTS; take other names, or drop them`;

const accessDenied = '497';
/** Nothing that holds accounts can be written: they all stand in a file of the server's. */
const nowhereToWrite: ReadonlySet<string> = new Set(['495', '514']);

const neededRights =
  'CREATE USER, ALTER USER, DROP USER, CREATE ROLE, ALTER ROLE, ROLE ADMIN, CREATE SETTINGS PROFILE, ALTER SETTINGS PROFILE, CREATE QUOTA, ALTER QUOTA, SHOW ACCESS ON *.*';

function refusal(error: unknown, account: string): string | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (nowhereToWrite.has(code)) {
    return 'the server keeps its accounts in a file alone: it needs <local_directory> or <replicated> in <user_directories>';
  }
  if (code !== accessDenied) return undefined;
  const missing = /the grant (.+?)(?:\.| \(|$)/s.exec(error instanceof Error ? error.message : '')?.[1];
  const lacks = missing === undefined ? 'the right to arrange accounts' : missing.trim();
  return `${account} lacks ${lacks}; give it <access_management>1</access_management>, or: GRANT ${neededRights} TO ${account}, with SELECT on the views WITH GRANT OPTION`;
}
