import { z } from 'zod';
import {
  currentVersion,
  type EventType,
  eventSchemas,
  eventTypes,
} from '../../src/domain/events/catalogue.ts';
import { exampleEvents } from '../../src/domain/events/examples.ts';
import { nativeExamples } from '../../src/domain/native/examples.ts';
import { type NativeType, nativeSchema } from '../../src/domain/native/schema.ts';

interface JsonSchema {
  $ref?: string;
  type?: string | readonly string[];
  description?: string;
  enum?: readonly string[];
  anyOf?: readonly JsonSchema[];
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
}

const jsonSchemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;

const fenced = (value: unknown) => `\`\`\`json\n${JSON.stringify(value, undefined, 2)}\n\`\`\``;

function typeText(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(' ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(' or ');
  if (schema.type === 'object') return 'map';
  return [schema.type ?? 'any'].flat().join(' or ');
}

function fieldTable(schema: JsonSchema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const needed = schema.required?.includes(name) ? '' : '?';
    return `| \`${name}\`${needed} | ${typeText(field)} | ${field.description ?? ''} |`;
  });
  return ['| field | type | |', '|---|---|---|', ...rows].join('\n');
}

const sentAs = new Map<EventType, NativeType>([
  ['RequestCompleted', 'request'],
  ['ErrorCaptured', 'error'],
  ['LogWritten', 'log'],
  ['SpanCompleted', 'span'],
  ['MetricRecorded', 'metric'],
  ['DeployRecorded', 'deploy'],
  ['JobRecorded', 'job'],
  ['HealthChecked', 'health'],
  ['RateLimitObserved', 'rate_limit'],
  ['FeedbackGiven', 'feedback'],
]);

const evidence = jsonSchemaOf(eventSchemas.AlertFired).properties?.evidence;

/** Most events of alerts carry the same evidence; the page describes it once. */
function dataSchemaOf(type: EventType): JsonSchema {
  const schema = jsonSchemaOf(eventSchemas[type]);
  if (schema.properties?.evidence === undefined) return schema;
  return { ...schema, properties: { ...schema.properties, evidence: { $ref: '#evidence' } } };
}

function typeSection(type: EventType): string {
  const native = sentAs.get(type);
  const origin =
    native === undefined
      ? 'Recorded by the engine itself.'
      : `Sent as \`${native}\`:\n\n${fenced(nativeExamples[native])}\n\nand kept as:`;
  return [
    `## ${type}`,
    `Version ${currentVersion[type]}. ${origin}`,
    fenced(exampleEvents().get(type)),
    'Schema of `data`:',
    fenced(dataSchemaOf(type)),
  ].join('\n\n');
}

/** The text of docs/events.md. */
export function eventsPage(): string {
  return `${[
    '# Events',
    '<!-- Made by `npm run docs` from the schemas that validate. Do not edit. -->',
    'Everything that the engine keeps is an event of one of the types below. Programs send the short form; ' +
      '[ingest.md](ingest.md) says how, and which of its fields becomes what.',
    '## The short form',
    fieldTable(jsonSchemaOf(nativeSchema)),
    '## The envelope',
    'Each event carries `id` (UUID, the idempotency key), `type`, `version`, `occurredAt` (epoch milliseconds, to the microsecond), ' +
      '`project`, `service`, and, when known, `requestId`, `traceId`, `spanId`, `parentSpanId` and `userId`. ' +
      'The log adds `recordedAt`, `position` and `stream`. What is particular to a type is its `data`.',
    'A type never changes its meaning. A new shape is a new version; what was stored in an old one is lifted as it is read.',
    ...eventTypes.map(typeSection),
    '## Evidence',
    'What an alert was decided on, as every step of it keeps it:',
    fenced(evidence),
  ].join('\n\n')}\n`;
}
