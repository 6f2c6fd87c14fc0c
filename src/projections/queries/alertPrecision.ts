import { alertEpisodesSql } from '../readModels/alertEpisodes.ts';
import { and, sql, time } from '../sql.ts';
import { neverYet, presenceOf } from './alerts.ts';
import type { Reader } from './reader.ts';
import { nameConditions, type Selection } from './selection.ts';

export interface RulePrecision {
  rule: string;
  days: { day: string; fired: number; real: number; noise: number; duplicate: number }[];
}

interface PrecisionRow {
  rule: string;
  day: string;
  fired: string;
  real: string;
  noise: string;
  duplicate: string;
}

/** How people judged what fired within the window, by rule and day (UTC). */
export async function readPrecision(reader: Reader, selection: Selection): Promise<RulePrecision[]> {
  const { from, to } = selection.window;
  const conditions = and([
    ...nameConditions(selection).slice(1),
    sql`fired_at >= ${time(from)} AND fired_at < ${time(to)}`,
    `NOT ${neverYet('fired_at')}`,
  ]);
  const columns = ['rule', 'service', 'operation', 'fired_at', 'verdict'] as const;
  const verdict = (name: string) => sql`countIf(verdict = ${name})`;
  const rows = await reader.rows<PrecisionRow>(
    (table) => `SELECT rule, toString(toDate(fired_at)) AS day, count() AS fired,
  ${verdict('real')} AS real, ${verdict('noise')} AS noise, ${verdict('duplicate')} AS duplicate
FROM (${alertEpisodesSql(table('alert_steps'), and(presenceOf(selection, 's.')).text, columns)})
WHERE ${conditions.text} GROUP BY rule, day ORDER BY rule, day`,
  );
  const byRule = new Map<string, RulePrecision>();
  for (const { rule, day, ...counts } of rows) {
    const known = byRule.get(rule) ?? { rule, days: [] };
    known.days.push({
      day,
      fired: Number(counts.fired),
      real: Number(counts.real),
      noise: Number(counts.noise),
      duplicate: Number(counts.duplicate),
    });
    byRule.set(rule, known);
  }
  return [...byRule.values()];
}
