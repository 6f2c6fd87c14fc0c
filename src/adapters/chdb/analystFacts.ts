import type { EngineFacts } from '../../api/sql/ports.ts';
import { quote } from '../../projections/sql.ts';

export type Ask = (sql: string) => Promise<string>;

const rows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));

/** What the door has to know of the engine, read once. */
export async function readFacts(ask: Ask, database: string): Promise<EngineFacts> {
  const functions = rows(
    await ask(
      'SELECT name, case_insensitive, alias_to, coalesce(higher_order, 0), is_aggregate FROM system.functions',
    ),
  );
  const [[version = '', timezone = ''] = []] = rows(await ask('SELECT version(), serverTimezone()'));
  const settings = rows(await ask('SELECT name FROM system.settings'));
  const columns = rows(
    await ask(`SELECT DISTINCT name FROM system.columns WHERE database = ${quote(database)}`),
  );
  return {
    version,
    timezone,
    functions: functions.map(([name = '', caseInsensitive, aliasTo = '', higherOrder, aggregate]) => ({
      name,
      caseInsensitive: caseInsensitive === '1',
      aliasTo,
      higherOrder: higherOrder === '1',
      aggregate: aggregate === '1',
    })),
    settings: new Set(settings.flat()),
    columns: new Set(columns.flat()),
  };
}
