import type { ReadStore } from './ports.ts';
import { readableViewSql } from './table.ts';

/**
 * Every event as one line of a story. A view over the other views: a table of its own, sorted by request, cost a third
 * of all that was written, and the events of one request are found in the log as quickly.
 */

interface Line {
  view: string;
  kind: string;
  title: string;
  status?: string;
  durationMs?: string;
  errorCode?: string;
  /** Belongs to no request, span or user. */
  alone?: true;
}

const short = (text: string): string =>
  `if(lengthUTF8(${text}) > 300, concat(substringUTF8(${text}, 1, 300), '…'), ${text})`;

const lines: readonly Line[] = [
  {
    view: 'requests',
    kind: 'request',
    // A request that went well says nothing that its columns do not say.
    title: `if(status = 'success', '', ${short("if(error_message = '', toString(error_code), error_message)")})`,
    status: 'status',
    durationMs: 'duration_ms',
    errorCode: 'error_code',
  },
  {
    view: 'errors',
    kind: 'error',
    title: short('error_message'),
    status: "'error'",
    errorCode: 'error_code',
  },
  { view: 'logs', kind: 'log', title: short('message'), status: 'level' },
  {
    view: 'spans',
    kind: 'span',
    title: 'toString(name)',
    status: 'status',
    durationMs: 'duration_ms',
    errorCode: 'error_code',
  },
  { view: 'metrics', kind: 'metric', title: "trimRight(concat(name, ' ', toString(value), ' ', unit))" },
  { view: 'deploys', kind: 'deploy', title: short("if(name = '', message, name)"), status: 'status' },
  {
    view: 'jobs',
    kind: 'job',
    title: 'toString(name)',
    status: 'state',
    durationMs: 'duration_ms',
    errorCode: 'error_code',
  },
  { view: 'health', kind: 'health', title: 'toString(name)', status: 'state', durationMs: 'duration_ms' },
  { view: 'rate_limits', kind: 'rate_limit', title: "concat(name, ': ', toString(remaining), ' left')" },
  { view: 'feedback', kind: 'feedback', title: short("if(message = '', toString(verdict), message)") },
  {
    view: 'alert_steps',
    kind: 'alert',
    title: short(
      "trimRight(concat(toString(type), ' ', multiIf(title != '', title, rule != '', toString(rule), comment)))",
    ),
    status: "if(state = '', toString(verdict), toString(state))",
  },
  {
    view: 'notifications',
    kind: 'notification',
    title: short(
      "concat(toString(channel), if(channel = '', '', ' '), toString(reason), ' ', arrayStringConcat(rules, ', '))",
    ),
    status: 'state',
    durationMs: 'took_ms',
    alone: true,
  },
];

const selectOf = (
  { view, kind, title, status, durationMs, errorCode, alone }: Line,
  database: string,
): string =>
  `SELECT project, ${alone ? "'' AS request_id" : 'request_id'}, time, recorded_at, position, id, toLowCardinality('${kind}') AS kind,
  service, ${alone ? "toLowCardinality('') AS operation" : 'operation'},
  toLowCardinality(toString(${status ?? "''"})) AS status, ${durationMs === undefined ? 'toFloat64(0) AS duration_ms' : durationMs},
  ${errorCode === undefined ? "toLowCardinality('') AS error_code" : errorCode}, ${title} AS title,
  ${alone ? "'' AS trace_id, '' AS span_id, '' AS user_id" : 'trace_id, span_id, user_id'}
FROM ${database}.${view}`;

interface CombinedView {
  name: string;
  select(database: string): string;
}

export const combinedViews: readonly CombinedView[] = [
  {
    name: 'timeline',
    select: (database) => lines.map((line) => selectOf(line, database)).join('\nUNION ALL\n'),
  },
];

/** To be called when every view that they read is there. */
export async function showCombinedViews(store: ReadStore): Promise<void> {
  const { layout } = store;
  for (const { name, select } of combinedViews) {
    await store.command(readableViewSql(layout, name, select(layout.database)));
  }
}
