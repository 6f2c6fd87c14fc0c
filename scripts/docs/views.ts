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
  alert_steps:
    'One row a step of an alert: what was decided, and what people said. `alerts` is what these rows add up to.',
  alerts: 'One row an alert, from the moment its condition held until it was over, as it stands now.',
  notifications: 'One row a notification as it stands, and one for each that was kept back.',
  timeline:
    'Every event of every kind as one line, sorted by request: what one request did is one short read.',
  latency_1m: 'Requests per minute, service and operation: counts and durations.',
  latency_1h: 'The same per hour, kept longer.',
  error_rate_1m: 'Outcomes of requests per minute, service and operation.',
  error_rate_1h: 'The same per hour, kept longer.',
  kpis_1d: 'The figures of a day and project.',
};

/** Where a view means something of its own by a column. */
const particular: Record<string, Record<string, string>> = {
  alert_steps: {
    service: 'The service that the alert is about; that of the engine where a person spoke',
    operation: 'The operation that the alert is about, when it is about one',
    type: 'The type of the event; [events.md](events.md) has each',
    state: 'What the alert is after the step; empty when the step changed nothing of it',
    severity: '`info`, `warning` or `critical`; empty when the step changed nothing of it',
    title: 'The title that it is shown under from this step on',
    cause: 'Why it was resolved, why there was no data, or why a rule could not be evaluated',
    comment: 'What the person said',
  },
  alerts: {
    service: 'The service that it is about',
    operation: 'The operation that it is about, when it is about one',
    time: 'When it fired, or began to hold while it has not (UTC)',
    recorded_at: 'When the log took its newest step (UTC)',
    position: 'Where its newest step stands in the log',
    id: 'The id of the event of its newest step',
    state: '`pending`, `firing`, `recovering`, `resolved`, or `dismissed` when it never fired',
    title: 'What it is shown under',
    duration_ms: 'From firing to its end, milliseconds; 0 before that',
    value: 'Its newest figure; 0 when there was none',
    threshold: 'What the figure was held against',
    cause: 'Why it was resolved',
    verdict: '`real`, `noise` or `duplicate`, as people said last; empty while nobody has',
  },
  notifications: {
    service: 'The service that recorded it',
    time: 'When it was decided (UTC)',
    recorded_at: 'When the log took what happened to it last (UTC)',
    position: 'Where that stands in the log',
    id: 'The id of that event',
    state: '`requested`, `attempted`, `delivered`, `refused`, or `withheld` when nothing was sent',
    answer: 'What the receiver said',
  },
};

const columns: Record<string, string> = {
  episode: 'The alert, from its beginning to its end',
  type: 'The type of the event',
  rule: 'The rule that decided it',
  rule_version: 'Which version of the rule',
  number: 'Counts the steps of the alert, from 1; 0 where a person spoke',
  severity: '`info`, `warning` or `critical`',
  labels: "What it is about, `labels['service']`",
  cause: 'Why',
  threshold: 'What the figure was held against; NaN when there was none',
  amends: 'The number of the step whose figures late events have changed; 0 of every other',
  active_since: 'Since when the condition held; 1970 where the step says nothing of it',
  actor: 'Who did it: the id of a key, or the name of a user of a channel',
  comment: 'What was said',
  duplicate_of: 'Of a duplicate: the alert that it repeats',
  details: 'The data of the event as JSON, with the evidence',
  started_at: 'Since when its condition held (UTC)',
  fired_at: 'When it fired; 1970 when it has not (UTC)',
  resolved_at: 'When it was over; 1970 while it is not (UTC)',
  transitions: 'Steps that were decided, amendments left out',
  acknowledged_by: 'Who looks after it; empty while nobody does',
  acknowledged_at: 'Since when; 1970 while nobody does',
  notification: 'The notification; of one that was withheld, the id of the event',
  channel: 'Over which channel; empty of one that was withheld',
  route: 'The route that took it',
  reason:
    'Why it was sent: `fired`, `changed`, `resolved`, `repeated`, `escalated`, `flapping`, `calmed`; or why not: `silenced`, `inhibited`, `muted`, `acknowledged`, `flapping`, `quiet`',
  because: 'The silence, inhibition or mute time that kept it back',
  attempts: 'How often it was tried',
  requested_at: 'When it was decided; 1970 of one that was withheld',
  delivered_at: 'When it was delivered; 1970 while it is not',
  took_ms: 'How long the attempt took that was delivered, milliseconds',
  answer: 'The answer',
  last_error: 'Why the newest attempt that failed was refused',
  retry_at: 'When it is tried again; 1970 when it is not',
  episodes: 'The alerts that it names',
  rules: 'Their rules',
  alert_count: 'How many alerts it tells of, unnamed ones included',
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
  value: 'The value; of the step of an alert NaN when there was nothing to compute it from',
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
      ({ name: column, type }) =>
        `| \`${column}\` | \`${type}\` | ${particular[name]?.[column] ?? known(columns, column, name)} |`,
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
