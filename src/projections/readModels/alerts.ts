import type { AlertEventType } from '../../domain/events/alerts.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { Projection } from '../projection.ts';
import type { RowWriter } from '../rowBinary.ts';
import { alertEpisodesSql } from './alertEpisodes.ts';
import {
  attributesColumn,
  eventColumnNames,
  eventColumns,
  float,
  instant,
  lowCardinality,
  text,
  whole,
  writeEvent,
} from './columns.ts';

const types = [
  'AlertSuspected',
  'AlertDismissed',
  'AlertFired',
  'AlertSeverityChanged',
  'AlertRecoveryBegan',
  'AlertRelapsed',
  'AlertDataLost',
  'AlertDataReturned',
  'AlertResolved',
  'AlertAmended',
  'AlertAcknowledged',
  'AlertResolutionRequested',
  'AlertJudged',
  'RuleEvaluationFailed',
  'RuleEvaluationRestored',
] as const satisfies readonly AlertEventType[];

type StepType = (typeof types)[number];

/** What an alert is after a step; a step that is missing here leaves it as it was. */
const stateAfter: Readonly<Partial<Record<StepType, string>>> = {
  AlertSuspected: 'pending',
  AlertDismissed: 'dismissed',
  AlertFired: 'firing',
  AlertRecoveryBegan: 'recovering',
  AlertRelapsed: 'firing',
  AlertResolved: 'resolved',
};

const labelsColumn = { ...attributesColumn, name: 'labels' };

const stepColumns = [
  text('episode'),
  lowCardinality('type'),
  lowCardinality('rule'),
  whole('rule_version'),
  whole('number'),
  lowCardinality('state'),
  lowCardinality('severity'),
  labelsColumn,
  text('title'),
  lowCardinality('cause'),
  float('value'),
  float('threshold'),
  whole('amends'),
  instant('active_since'),
  text('actor'),
  text('comment'),
  lowCardinality('verdict'),
  text('duplicate_of'),
  text('details'),
];

/** The steps of alerts and what people said about them, one row each; an episode is what its rows add up to. */
export const alertSteps: Projection = {
  name: 'alert_steps',
  version: 1,
  types,
  source: {
    name: 'alert_steps',
    columns: [...eventColumns, ...stepColumns],
    orderBy: 'project, episode, position',
    retention: 'hours',
  },
  write: (event, out) => {
    if (!isStep(event)) return false;
    writeStep(event, event.data, out);
    return true;
  },
  derived: [],
  derivations: [],
  views: [
    {
      name: 'alert_steps',
      select: `SELECT ${eventColumnNames}, ${stepColumns.map(({ name }) => name).join(', ')} FROM {alert_steps}`,
    },
    { name: 'alerts', select: alertEpisodesSql('{alert_steps}') },
  ],
};

const stepTypes: ReadonlySet<string> = new Set(types);
const isStep = (event: RecordedEvent): event is RecordedEvent<StepType> => stepTypes.has(event.type);

/** Every field that any of the types has. */
interface StepData {
  episode?: string;
  rule?: string;
  ruleVersion?: number;
  number?: number;
  at?: number;
  severity?: string;
  labels?: Readonly<Record<string, string>>;
  title?: string;
  cause?: string;
  reason?: string;
  amends?: number;
  activeSince?: number;
  by?: string | undefined;
  comment?: string | undefined;
  verdict?: string;
  duplicateOf?: string | undefined;
  evidence?: { value?: number | undefined; threshold?: number | undefined } | undefined;
}

function writeStep(event: RecordedEvent<StepType>, data: StepData, out: RowWriter): void {
  const { type } = event;
  const { labels, evidence, at = event.occurredAt } = data;
  // The steps of an alert are found by the service that it is about, not by the one that decided it.
  writeEvent({ ...event, service: labels?.service ?? event.service, occurredAt: at }, labels?.operation, out);
  out.string(data.episode ?? '');
  out.string(type);
  out.string(data.rule ?? '');
  out.uint64(data.ruleVersion ?? 0);
  out.uint64(data.number ?? 0);
  out.string(stateAfter[type] ?? '');
  out.string(data.severity ?? '');
  out.map(labels);
  out.string(data.title ?? '');
  out.string(data.cause ?? data.reason ?? '');
  out.float64(evidence?.value ?? Number.NaN);
  out.float64(evidence?.threshold ?? Number.NaN);
  out.uint64(data.amends ?? 0);
  out.micros(type === 'AlertSuspected' ? at : (data.activeSince ?? 0));
  out.string(data.by ?? '');
  out.string(data.comment ?? '');
  out.string(data.verdict ?? '');
  out.string(data.duplicateOf ?? '');
  out.string(JSON.stringify(data));
}
