/**
 * An episode as the sum of its rows in `alert_steps`. Positions are unique, so "the last one that says so" is the same
 * row in whatever order or size of batches they came.
 */

const latest = (column: string, when: string): string => `argMaxIf(s.${column}, s.position, ${when})`;
const isStep = 's.number > 0';
/** A late correction tells of an earlier moment than the steps before it. */
const isCurrent = 's.number > 0 AND s.amends = 0';
const micros = (time: string): string => `toUnixTimestamp64Micro(${time})`;

const firedAt = "minIf(s.time, s.type = 'AlertFired')";
const resolvedAt = "maxIf(s.time, s.type IN ('AlertResolved', 'AlertDismissed'))";
const activeSince = `minIf(s.active_since, ${micros('s.active_since')} > 0)`;
const startedAt = `if(${micros(activeSince)} = 0, min(s.time), ${activeSince})`;

const columns = {
  project: 's.project',
  service: latest('service', isStep),
  operation: latest('operation', isStep),
  time: `if(countIf(s.type = 'AlertFired') = 0, ${startedAt}, ${firedAt})`,
  recorded_at: 'argMax(s.recorded_at, s.position)',
  position: 'max(s.position)',
  id: 'argMax(s.id, s.position)',
  episode: 's.episode',
  rule: latest('rule', isStep),
  rule_version: latest('rule_version', isStep),
  state: latest('state', "s.state != ''"),
  severity: latest('severity', "s.severity != ''"),
  labels: latest('labels', isStep),
  title: latest('title', "s.title != ''"),
  started_at: startedAt,
  fired_at: firedAt,
  resolved_at: resolvedAt,
  duration_ms: `if(${micros(firedAt)} = 0 OR ${micros(resolvedAt)} = 0, 0, (${micros(resolvedAt)} - ${micros(firedAt)}) / 1000)`,
  value: latest('value', `NOT isNaN(s.value) AND ${isCurrent}`),
  threshold: latest('threshold', `NOT isNaN(s.threshold) AND ${isCurrent}`),
  transitions: `countIf(${isCurrent})`,
  cause: latest('cause', "s.type = 'AlertResolved'"),
  acknowledged_by: "argMinIf(s.actor, s.position, s.type = 'AlertAcknowledged')",
  acknowledged_at: "minIf(s.time, s.type = 'AlertAcknowledged')",
  verdict: latest('verdict', "s.type = 'AlertJudged'"),
} as const;

/** What reads need besides the view. */
const more = {
  first_position: 'min(s.position)',
  acknowledged_comment: "argMinIf(s.comment, s.position, s.type = 'AlertAcknowledged')",
  has_value: `countIf(NOT isNaN(s.value) AND ${isCurrent}) > 0`,
  has_threshold: `countIf(NOT isNaN(s.threshold) AND ${isCurrent}) > 0`,
} as const;

const all = { ...columns, ...more };
export type EpisodeColumn = keyof typeof all;

/** Episodes with the columns named, by default those of the view; what is not named is not read. */
export function alertEpisodesSql(
  table: string,
  where = '1',
  names: readonly EpisodeColumn[] = Object.keys(columns) as EpisodeColumn[],
): string {
  // Qualified names mean the rows; without the table, a name would mean the aggregate of the same name.
  const selected = names.map((name) => `${all[name]} AS ${name}`).join(',\n  ');
  return `SELECT ${selected}
FROM ${table} AS s WHERE s.episode != '' AND (${where})
GROUP BY s.project, s.episode HAVING countIf(${isStep}) > 0`;
}
