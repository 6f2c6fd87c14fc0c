import type { Severity } from '../../domain/alerts/rule.ts';
import { alertEpisodesSql, type EpisodeColumn } from '../readModels/alertEpisodes.ts';
import { and } from '../sql.ts';
import { type Presence, presenceOf } from './alerts.ts';
import type { Reader } from './reader.ts';
import { micros, rfc3339 } from './selection.ts';

export interface FiringAlert {
  id: string;
  rule: string;
  severity: Severity;
  state: 'firing' | 'recovering';
  title: string;
  labels: Record<string, string>;
  since: string;
}

export interface FiringAlerts {
  firing: FiringAlert[];
  counts: Record<Severity, number>;
}

interface Row {
  episode: string;
  rule: string;
  severity: Severity;
  state: FiringAlert['state'];
  title: string;
  labels: Record<string, string>;
  since: string;
  of_severity: string;
}

const columns = [
  'episode',
  'rule',
  'severity',
  'state',
  'title',
  'labels',
  'started_at',
] as const satisfies readonly EpisodeColumn[];

/** More than anybody reads at once; the counts are of all. */
const mostShown = 100;

/** What fires now, or is about to recover, the worst and then the newest first. */
export async function readFiringAlerts(reader: Reader, presence: Presence): Promise<FiringAlerts> {
  const rows = await reader.rows<Row>((table) => {
    const steps = table('alert_steps');
    // The states alone are a narrow read over all that ever was; the rest is read of what fires.
    const open = `SELECT episode FROM ${steps} WHERE ${and(presenceOf(presence)).text} AND state != ''
GROUP BY episode HAVING argMax(state, position) IN ('firing', 'recovering')`;
    return `SELECT episode, rule, severity, state, title, labels, ${micros('started_at')} AS since,
  count() OVER (PARTITION BY severity) AS of_severity
FROM (${alertEpisodesSql(steps, `${and(presenceOf(presence, 's.')).text} AND s.episode IN (${open})`, columns)})
ORDER BY indexOf(['critical', 'warning', 'info'], severity), started_at DESC, episode
LIMIT ${mostShown} BY severity`;
  });
  const counts = { info: 0, warning: 0, critical: 0 };
  for (const { severity, of_severity } of rows) counts[severity] = Number(of_severity);
  const firing = rows.slice(0, mostShown).map(({ episode: id, since, of_severity: _, ...row }) => ({
    id,
    ...row,
    since: rfc3339(Number(since)),
  }));
  return { firing, counts };
}
