import type { EpisodeStanding } from '../../domain/alerts/commands.ts';
import type { Severity } from '../../domain/alerts/rule.ts';
import type { verdicts } from '../../domain/events/alerts.ts';
import { alertEpisodesSql, type EpisodeColumn } from '../readModels/alertEpisodes.ts';
import { and, raw, sql, time } from '../sql.ts';
import type { TableNamer } from '../table.ts';
import type { Cursor, Page, PageOptions } from './pages.ts';
import type { Reader } from './reader.ts';
import { micros, nameConditions, type Selection } from './selection.ts';

/** Whose episodes, and as of when. */
export type Presence = Pick<Selection, 'project' | 'asOf'>;

export interface AlertFilter {
  states?: readonly EpisodeStanding[] | undefined;
  severities?: readonly Severity[] | undefined;
  rule?: string | undefined;
}

type Verdict = (typeof verdicts)[number];

/** An episode as it stands; times are epoch milliseconds. */
export interface AlertEpisode {
  id: string;
  rule: string;
  ruleVersion: number;
  labels: Record<string, string>;
  severity: Severity;
  state: EpisodeStanding;
  title: string;
  startedAt: number;
  firedAt: number | undefined;
  resolvedAt: number | undefined;
  value: number | undefined;
  threshold: number | undefined;
  transitions: number;
  cause: string | undefined;
  acknowledged: { by: string; at: number; comment: string | undefined } | undefined;
  verdict: Verdict | undefined;
  position: string;
  /** As written down when it fired; empty until then. */
  description: string;
  runbook: string | undefined;
  dashboard: string | undefined;
  quiet: boolean;
}

const finding = [
  'episode',
  'rule',
  'service',
  'operation',
  'state',
  'severity',
  'started_at',
  'resolved_at',
  'first_position',
] as const satisfies readonly EpisodeColumn[];

const reading = [
  'episode',
  'rule',
  'rule_version',
  'labels',
  'severity',
  'state',
  'title',
  'started_at',
  'fired_at',
  'resolved_at',
  'value',
  'threshold',
  'has_value',
  'has_threshold',
  'transitions',
  'cause',
  'acknowledged_by',
  'acknowledged_at',
  'acknowledged_comment',
  'verdict',
  'position',
  'first_position',
] as const satisfies readonly EpisodeColumn[];

const newestFirst = 'ORDER BY started_at DESC, first_position DESC';
export const neverYet = (column: string): string => `${micros(column)} = 0`;

/** Conditions on rows of events; `of` names the table where a column of the answer has the same name. */
export const presenceOf = ({ project, asOf }: Presence, of = ''): string[] => [
  sql`${raw(of)}project = ${project}`,
  ...(asOf === undefined ? [] : [sql`${raw(of)}recorded_at <= ${time(asOf)}`]),
];

/** The newest episodes that overlap the window. */
export async function searchAlerts(
  reader: Reader,
  selection: Selection,
  filter: AlertFilter,
  { limit, cursor }: PageOptions,
): Promise<Page<AlertEpisode>> {
  const window = cursor === undefined ? selection.window : { from: cursor.from, to: cursor.to };
  const conditions = and([
    ...nameConditions(selection).slice(1),
    sql`started_at < ${time(window.to)}`,
    `${neverYet('resolved_at')} OR ${sql`resolved_at >= ${time(window.from)}`}`,
    ...filterConditions(filter),
    ...(cursor === undefined ? [] : [olderThan(cursor)]),
  ]);
  const found = await readEpisodes(
    reader,
    selection,
    (
      table,
    ) => `SELECT episode FROM (${alertEpisodesSql(table('alert_steps'), and(presenceOf(selection, 's.')).text, finding)})
WHERE ${conditions.text} ${newestFirst} LIMIT ${limit + 1}`,
  );
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const next =
    found.length > limit && last !== undefined
      ? { ...window, micros: Math.round(last.episode.startedAt * 1_000), position: last.first }
      : undefined;
  return { rows: rows.map(({ episode }) => episode), next };
}

const olderThan = ({ micros: at, position }: Cursor): string =>
  sql`started_at < ${time(at / 1_000)} OR (started_at = ${time(at / 1_000)} AND first_position < ${BigInt(position)})`;

function filterConditions({ states, severities, rule }: AlertFilter): string[] {
  return [
    ...(states === undefined ? [] : [sql`has(${states}, state)`]),
    ...(severities === undefined ? [] : [sql`has(${severities}, severity)`]),
    ...(rule === undefined ? [] : [sql`rule = ${rule}`]),
  ];
}

export async function readAlert(
  reader: Reader,
  presence: Presence,
  id: string,
): Promise<AlertEpisode | undefined> {
  const [found] = await readEpisodes(reader, presence, () => sql`SELECT ${id}`);
  return found?.episode;
}

interface Row {
  episode: string;
  rule: string;
  rule_version: string;
  labels: Record<string, string>;
  severity: Severity;
  state: EpisodeStanding;
  title: string;
  started: string;
  fired: string;
  resolved: string;
  value: number;
  threshold: number;
  has_value: number;
  has_threshold: number;
  transitions: string;
  cause: string;
  acknowledged_by: string;
  acknowledged: string;
  acknowledged_comment: string;
  verdict: Verdict | '';
  position: string;
  first_position: string;
  description: string;
  runbook: string;
  dashboard: string;
  quiet: number;
}

async function readEpisodes(
  reader: Reader,
  presence: Presence,
  which: (table: TableNamer) => string,
): Promise<{ episode: AlertEpisode; first: string }[]> {
  const rows = await reader.rows<Row>((table) => {
    const ours = (of = '') => and([...presenceOf(presence, of), `${of}episode IN (${which(table)})`]).text;
    const steps = table('alert_steps');
    return `SELECT episodes.* EXCEPT (started_at, fired_at, resolved_at, acknowledged_at),
  ${micros('started_at')} AS started, ${micros('fired_at')} AS fired, ${micros('resolved_at')} AS resolved,
  ${micros('acknowledged_at')} AS acknowledged, description, runbook, dashboard, quiet
FROM (${alertEpisodesSql(steps, ours('s.'), reading)}) AS episodes
LEFT JOIN (${firingWords(steps, ours())}) AS fires USING (episode)
${newestFirst}`;
  });
  return rows.map((row) => ({ episode: episodeOf(row), first: row.first_position }));
}

/** Of all that is written down when an alert fires, what is shown of it in a list. */
const firingWords = (steps: string, where: string): string => {
  const word = (name: string) => `JSONExtractString(details, '${name}') AS ${name}`;
  return `SELECT episode, ${['description', 'runbook', 'dashboard'].map(word).join(', ')},
  JSONExtractBool(details, 'quiet') AS quiet
FROM ${steps} WHERE ${where} AND type = 'AlertFired'`;
};

const episodeOf = (row: Row): AlertEpisode => ({
  id: row.episode,
  rule: row.rule,
  ruleVersion: Number(row.rule_version),
  labels: row.labels,
  severity: row.severity,
  state: row.state,
  title: row.title,
  startedAt: Number(row.started) / 1_000,
  firedAt: momentOf(row.fired),
  resolvedAt: momentOf(row.resolved),
  value: row.has_value === 0 ? undefined : row.value,
  threshold: row.has_threshold === 0 ? undefined : row.threshold,
  transitions: Number(row.transitions),
  cause: row.cause || undefined,
  acknowledged:
    row.acknowledged_by === ''
      ? undefined
      : {
          by: row.acknowledged_by,
          at: Number(row.acknowledged) / 1_000,
          comment: row.acknowledged_comment || undefined,
        },
  verdict: row.verdict || undefined,
  position: row.position,
  description: row.description,
  runbook: row.runbook || undefined,
  dashboard: row.dashboard || undefined,
  quiet: row.quiet !== 0,
});

const momentOf = (epochMicros: string): number | undefined =>
  epochMicros === '0' ? undefined : Number(epochMicros) / 1_000;
