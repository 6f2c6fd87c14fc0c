import { createHash } from 'node:crypto';
import type { AnalystLimits } from '../../api/sql/ports.ts';
import type { Secret } from '../../domain/secret.ts';
import type { StoreLayout } from '../../domain/storeLayout.ts';
import { onCluster, quote } from '../../projections/sql.ts';
import { analystSettings } from '../analystSettings.ts';

export interface AnalystAccount {
  name: string;
  password: Secret;
}

/** Reads the views of one set of read models. */
export const roleOf = ({ database }: StoreLayout): string => `${database}_analyst`;

/** Every account that was made from configuration has it by itself, and no other has: so they are told apart. */
export const accountProfile = 'chronoscope_analyst';

/** Analysts may lower these for themselves: tools send a time-out of their own. */
const upperLimits: ReadonlySet<string> = new Set([
  'max_execution_time',
  'max_memory_usage',
  'max_result_rows',
  'max_result_bytes',
  'max_threads',
]);

/** On top of what holds for one statement, as a server has many connections. */
const atOnce = 5;
const queriesAMinute = 300;
const secondsAnHour = 1_800;

/** `known` are the settings that the server has. */
function profileSettings(limits: AnalystLimits, known: ReadonlySet<string>): string {
  const wanted = Object.entries({
    ...analystSettings(limits),
    max_memory_usage_for_user: String(limits.memoryBytes * 2),
    max_concurrent_queries_for_user: String(atOnce),
  });
  const bounded = wanted
    .filter(([name]) => known.has(name))
    .map(([name, value]) =>
      upperLimits.has(name)
        ? `${name} = ${value} MIN 1 MAX ${value}`
        : `${name} = ${/^\d+$/.test(value) ? value : quote(value)} CONST`,
    );
  // 2 and not 1: drivers set what concerns their own format. What is bounded here stays so.
  return ['readonly = 2 CONST', ...bounded].join(', ');
}

/** The role with its rights and limits. What it could read in an earlier version, it loses in the same statement. */
export function roleStatements(
  layout: StoreLayout,
  views: readonly string[],
  limits: AnalystLimits,
  known: ReadonlySet<string>,
): string[] {
  const role = roleOf(layout);
  const cluster = onCluster(layout);
  const rights = views.map((view) => `SELECT ON ${layout.database}.${view}`).join(', ');
  const quota = `${role}${cluster} KEYED BY user_name FOR INTERVAL 1 minute MAX queries = ${queriesAMinute}, FOR INTERVAL 1 hour MAX execution_time = ${secondsAnHour} TO ${role}`;
  return [
    `CREATE SETTINGS PROFILE IF NOT EXISTS ${accountProfile}${cluster}`,
    `ALTER SETTINGS PROFILE ${accountProfile}${cluster} SETTINGS ${profileSettings(limits, known)}`,
    `CREATE ROLE IF NOT EXISTS ${role}${cluster}`,
    `GRANT${cluster} ${rights} TO ${role} WITH REPLACE OPTION`,
    `CREATE QUOTA IF NOT EXISTS ${quota}`,
    `ALTER QUOTA ${quota}`,
  ];
}

export function accountStatements(layout: StoreLayout, account: AnalystAccount, salt: string): string[] {
  const cluster = onCluster(layout);
  const user = quote(account.name);
  const hash = createHash('sha256').update(account.password.reveal()).update(salt).digest('hex');
  const identified = `IDENTIFIED WITH sha256_hash BY ${quote(hash)} SALT ${quote(salt)}`;
  return [
    `CREATE USER IF NOT EXISTS ${user}${cluster} ${identified} GRANTEES NONE SETTINGS PROFILE ${accountProfile}`,
    `ALTER USER ${user}${cluster} ${identified} SETTINGS PROFILE ${accountProfile}`,
    `GRANT${cluster} ${roleOf(layout)} TO ${user}`,
    `ALTER USER ${user}${cluster} DEFAULT ROLE ALL`,
  ];
}

/** An account that reads another set of read models as well stays, without this one. */
export const removalStatement = (layout: StoreLayout, name: string, readsOthers: boolean): string =>
  readsOthers
    ? `REVOKE${onCluster(layout)} ${roleOf(layout)} FROM ${quote(name)}`
    : `DROP USER IF EXISTS ${quote(name)}${onCluster(layout)}`;
