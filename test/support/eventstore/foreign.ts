import type { ProposedEvent, StandInDatabase } from './database.ts';

const proposed = (type: string, data: string, metadata: string, contentType = 'application/json') =>
  ({
    id: crypto.randomUUID(),
    type,
    contentType,
    data: Buffer.from(data),
    metadata: Buffer.from(metadata),
  }) satisfies ProposedEvent;

/** What other programs may have in the same database: ordinary events, bytes, broken JSON, and look-alikes. */
export function addForeignEvents(database: StandInDatabase): void {
  const events = [
    proposed('OrderPlaced', '{"total":12}', '{"user":"7"}'),
    proposed('LogWritten', '{"level":"info","message":"not of ours"}', ''),
    proposed('LogWritten', '{"level":"info"}', '{"chronoscope":1}'),
    proposed('LogWritten', '{"level":', '{"chronoscope":1,"version":1}'),
    proposed(
      'LogWritten',
      '"text"',
      '{"chronoscope":1,"version":1,"occurredAt":1,"project":"a","service":"b"}',
    ),
    proposed('LogWritten', '{}', '{"chronoscope":2,"version":1,"occurredAt":1,"project":"a","service":"b"}'),
    proposed('Picture', '\u0000\u0001\u0002', '\u0000', 'application/octet-stream'),
    proposed('Nothing', '', ''),
    proposed('Null', 'null', 'null'),
  ];
  for (const event of events) database.append('orders-1', 'any', [event]);
  // A stream by the name of one of ours.
  database.append('request-1', 'any', [proposed('RequestReceived', '{}', '{}')]);
}
