/** What each view is for, and what each of its columns means. A column that is missing here fails the test. */
const about: Record<string, string> = {
  requests: 'One row a finished request of a watched service.',
  errors: 'One row a captured error (`type: error`), with its group.',
  logs: 'One row a log line.',
  spans: 'One row a finished span.',
  metrics: 'One row a measured value.',
  deploys: 'One row a deploy.',
  jobs: 'One row a state that a job came to.',
  health: 'One row a health check.',
  rate_limits: 'One row an observation of an outside limit.',
  feedback: 'One row a piece of feedback.',
  timeline:
    'Every event of every kind as one line, sorted by request: what one request did is one short read.',
  latency_1m: 'Requests per minute, service and operation: counts and durations.',
  latency_1h: 'The same per hour, kept longer.',
  error_rate_1m: 'Outcomes of requests per minute, service and operation.',
  error_rate_1h: 'The same per hour, kept longer.',
  kpis_1d: 'The figures of a day and project.',
};

const columns: Record<string, string> = {
  project: 'The project that the key belongs to',
  service: 'The service that sent it; `default` when it named none',
  operation: 'What was done, in the words of the service',
  time: 'When it happened; in rollups the begin of the step (UTC)',
  recorded_at: 'When the log took it (UTC)',
  position: 'Where it stands in the log',
  id: 'The id of the event; the same id is never there twice',
  request_id: 'What ties all events of one request together; empty when there is none',
  trace_id: 'Trace, as OpenTelemetry has it',
  span_id: 'Span',
  parent_span_id: 'The span that this one belongs to',
  user_id: 'For whom; a pseudonym when it was an e-mail address',
  status:
    '`success`, `error`, `timeout` or `rate_limited`; in the timeline the level of a log line, the state of a job or check',
  duration_ms: 'How long it took, milliseconds',
  error_code: 'The code of the failure',
  error_message: 'The message of the failure',
  stack: 'The stack trace as it was sent',
  attributes: "Everything else, `attributes['key']`",
  fingerprint: 'The group: the same fault has the same one, whatever ids and numbers its message carries',
  level: '`trace` to `fatal`',
  title:
    'The message without what changes from one time to the next; in the timeline what happened, in a few words',
  message: 'The text',
  name: 'What it is called',
  kind: 'Of a span `internal`, `server`, `client`, `producer` or `consumer`; in the timeline the kind of the event',
  metric_type: '`counter`, `gauge`, `histogram` or `summary`',
  value: 'The value',
  unit: 'Its unit',
  state:
    'Of a job `started`, `progressed`, `succeeded`, `failed` or `missed`; of a check `healthy`, `degraded` or `unhealthy`',
  remaining: 'What is left of the limit',
  limit_value: 'The limit; 0 when it was not sent',
  reset_at: 'When the limit starts anew; 1970 when it was not sent',
  subject: 'What it is about',
  verdict: 'The judgement, in a word',
  count: 'Requests',
  error_count: 'Those that did not succeed',
  error_rate: 'Their share, 0 to 1',
  timeout_count: 'Those that timed out',
  rate_limited_count: 'Those that ran into a limit',
  avg_ms: 'Average duration, milliseconds',
  p50_ms: 'Half were faster; right within 1 %, like the other percentiles',
  p95_ms: '95 % were faster',
  p99_ms: '99 % were faster',
  max_ms: 'The slowest',
  requests: 'Requests of the day',
  errors: 'Those that did not succeed',
  success_rate: 'The share of those that did, 0 to 1',
  active_users: 'Different users, counted exactly; 0 for days whose minutes are no longer kept',
};

export interface DescribedView {
  name: string;
  columns: readonly { name: string; type: string }[];
}

/** The text of docs/views.md. */
export function viewsPage(views: readonly DescribedView[]): string {
  const sections = views.map(({ name, columns: present }) => {
    const rows = present.map(
      ({ name: column, type }) => `| \`${column}\` | \`${type}\` | ${known(columns, column, name)} |`,
    );
    return [
      `## ${name}`,
      known(about, name, 'the views'),
      ['| column | type | |', '|---|---|---|', ...rows].join('\n'),
    ].join('\n\n');
  });
  return `${[
    '# Views for analysts',
    '<!-- Made by `npm run docs` from the read models. Do not edit. -->',
    'These are what SQL sees, the same in the embedded engine and on a ClickHouse server; [sql.md](sql.md) says how to connect. ' +
      'A key of one project sees only its rows.',
    ...sections,
  ].join('\n\n')}\n`;
}

function known(words: Record<string, string>, key: string, where: string): string {
  const text = words[key];
  if (text === undefined) throw new Error(`scripts/docs/views.ts has no word about ${key} of ${where}`);
  return text;
}
