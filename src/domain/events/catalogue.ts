import { z } from 'zod';
import { type AlertEventType, alertEventTypes, alertSchemas } from './alerts.ts';

/**
 * The event catalogue: one schema per type is its only definition. The TypeScript type, the validation, the JSON
 * schema in docs/events.md and the columns of the read models follow from it.
 */

const text = (max: number) => z.string().max(max);

export const attributesSchema = z
  .record(z.string().min(1).max(200), z.union([text(8_192), z.number(), z.boolean()]))
  .refine((attributes) => Object.keys(attributes).length <= 128, 'at most 128 attributes');

export type Attributes = z.infer<typeof attributesSchema>;

export const statuses = ['success', 'error', 'timeout', 'rate_limited'] as const;
export const metricKinds = ['counter', 'gauge', 'histogram', 'summary'] as const;
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export const healthStates = ['healthy', 'degraded', 'unhealthy'] as const;
export const jobStates = ['started', 'progressed', 'succeeded', 'failed', 'missed'] as const;
export const roles = ['ingest', 'user', 'power_user', 'admin'] as const;

const operation = text(200);
const durationMs = z.number().min(0).max(1e12);
const attributes = attributesSchema.optional();

const failure = {
  errorCode: text(200).optional(),
  errorMessage: text(16_384).optional(),
  stack: text(65_536).optional(),
};

const schemas = {
  RequestCompleted: z.strictObject({
    operation,
    status: z.enum(statuses),
    durationMs,
    ...failure,
    attributes,
  }),
  ErrorCaptured: z.strictObject({
    operation: operation.optional(),
    errorCode: text(200).optional(),
    message: text(16_384),
    stack: text(65_536).optional(),
    level: z.enum(logLevels).optional(),
    attributes,
  }),
  LogWritten: z.strictObject({
    level: z.enum(logLevels),
    message: text(65_536),
    operation: operation.optional(),
    attributes,
  }),
  SpanCompleted: z.strictObject({
    name: text(500),
    operation: operation.optional(),
    kind: z.enum(['internal', 'server', 'client', 'producer', 'consumer']).optional(),
    status: z.enum(statuses),
    durationMs,
    ...failure,
    attributes,
  }),
  MetricRecorded: z.strictObject({
    name: text(300).min(1),
    kind: z.enum(metricKinds),
    value: z.number(),
    unit: text(50).optional(),
    operation: operation.optional(),
    attributes,
  }),
  DeployRecorded: z.strictObject({
    name: text(300).optional(),
    status: z.enum(statuses).optional(),
    message: text(16_384).optional(),
    attributes,
  }),
  JobRecorded: z.strictObject({
    name: text(300),
    state: z.enum(jobStates),
    durationMs: durationMs.optional(),
    errorCode: text(200).optional(),
    message: text(16_384).optional(),
    attributes,
  }),
  HealthChecked: z.strictObject({
    name: text(300),
    state: z.enum(healthStates),
    durationMs: durationMs.optional(),
    message: text(16_384).optional(),
    attributes,
  }),
  RateLimitObserved: z.strictObject({
    name: text(300),
    /** What is left of the limit; `limit`, `reset` and the like are attributes. */
    remaining: z.number(),
    limit: z.number().optional(),
    resetAt: z.number().optional(),
    attributes,
  }),
  FeedbackGiven: z.strictObject({
    subject: text(300).optional(),
    verdict: text(100).optional(),
    value: z.number().optional(),
    message: text(16_384).optional(),
    attributes,
  }),
  KeyIssued: z.strictObject({
    keyId: text(64),
    hash: text(128),
    role: z.enum(roles),
    name: text(200),
    /** `*` is every project. */
    keyProject: text(200),
  }),
  KeyRevoked: z.strictObject({ keyId: text(64) }),
  ...alertSchemas,
} satisfies Record<string, z.ZodType>;

export type EventType = keyof typeof schemas;
export type EventData<T extends EventType> = z.infer<(typeof schemas)[T]>;

export const eventSchemas: { readonly [T in EventType]: z.ZodType<EventData<T>> } = schemas;
export const eventTypes = Object.keys(schemas) as readonly EventType[];

/** Recorded by the engine itself; programs send the others. */
export type EngineType = 'KeyIssued' | 'KeyRevoked' | AlertEventType;
export type TelemetryType = Exclude<EventType, EngineType>;

const engineTypes: ReadonlySet<string> = new Set<EngineType>(['KeyIssued', 'KeyRevoked', ...alertEventTypes]);
export const isTelemetry = (type: EventType): type is TelemetryType => !engineTypes.has(type);

/** Types whose shape has changed since it was first recorded. */
const changed: { readonly [T in EventType]?: number } = {};

/** The newest version of each type; a stored event of an older one is lifted by `upcast` as it is read. */
export const currentVersion = Object.fromEntries(eventTypes.map((type) => [type, changed[type] ?? 1])) as {
  readonly [T in EventType]: number;
};

export type Role = (typeof roles)[number];
export type Status = (typeof statuses)[number];
export type LogLevel = (typeof logLevels)[number];
