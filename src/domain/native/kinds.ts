import type { EventData, TelemetryType } from '../events/catalogue.ts';
import * as data from './data.ts';
import type { Native, NativeField, NativeType } from './schema.ts';

export interface Kind<T extends TelemetryType = TelemetryType> {
  type: T;
  data: (native: Native) => EventData<T> | data.Missing;
  /** Fields that this type has no place for; they become attributes. */
  homeless: readonly NativeField[];
  /** Of two fields that share a place the first is taken, and the second, if it says more, becomes an attribute. */
  shared: readonly (readonly [NativeField, NativeField])[];
}

const messageFirst = ['message', 'errorMessage'] as const;
const errorFirst = ['errorMessage', 'message'] as const;
const nameFirst = ['name', 'operation'] as const;
const operationFirst = ['operation', 'name'] as const;

const kind = <T extends TelemetryType>(k: Kind<T>): Kind<T> => k;

export const kinds: { readonly [N in NativeType]: Kind } = {
  request: kind({
    type: 'RequestCompleted',
    data: data.request,
    homeless: ['value', 'metricType', 'unit', 'level'],
    shared: [errorFirst, operationFirst],
  }),
  error: kind({
    type: 'ErrorCaptured',
    data: data.error,
    homeless: ['status', 'durationMs', 'value', 'metricType', 'name', 'unit'],
    shared: [errorFirst],
  }),
  log: kind({
    type: 'LogWritten',
    data: data.log,
    homeless: ['status', 'durationMs', 'value', 'metricType', 'name', 'unit', 'errorCode', 'stack'],
    shared: [messageFirst],
  }),
  span: kind({
    type: 'SpanCompleted',
    data: data.span,
    homeless: ['value', 'metricType', 'unit', 'level'],
    shared: [errorFirst],
  }),
  metric: kind({
    type: 'MetricRecorded',
    data: data.metric,
    homeless: ['status', 'durationMs', 'errorCode', 'errorMessage', 'stack', 'level', 'message'],
    shared: [],
  }),
  deploy: kind({
    type: 'DeployRecorded',
    data: data.deploy,
    homeless: ['operation', 'durationMs', 'value', 'metricType', 'unit', 'errorCode', 'stack', 'level'],
    shared: [messageFirst],
  }),
  job: kind({
    type: 'JobRecorded',
    data: data.job,
    homeless: ['value', 'metricType', 'unit', 'stack', 'level'],
    shared: [messageFirst, nameFirst],
  }),
  health: kind({
    type: 'HealthChecked',
    data: data.health,
    homeless: ['value', 'metricType', 'unit', 'errorCode', 'stack', 'level'],
    shared: [messageFirst, nameFirst],
  }),
  rate_limit: kind({
    type: 'RateLimitObserved',
    data: data.rateLimit,
    homeless: [
      'status',
      'durationMs',
      'metricType',
      'unit',
      'errorCode',
      'errorMessage',
      'stack',
      'level',
      'message',
    ],
    shared: [nameFirst],
  }),
  feedback: kind({
    type: 'FeedbackGiven',
    data: data.feedback,
    homeless: ['status', 'durationMs', 'metricType', 'unit', 'errorCode', 'stack', 'level'],
    shared: [messageFirst, nameFirst],
  }),
};
