import type { Projection } from '../projection.ts';
import { eventColumns, instant, lowCardinality, text, writeEvent } from './columns.ts';

/** When which alerts are kept quiet; one row for each that was made and each that was ended by someone. */
export const silences: Projection = {
  name: 'silences',
  version: 1,
  types: ['SilenceCreated', 'SilenceEnded'],
  source: {
    name: 'silence_steps',
    columns: [
      ...eventColumns,
      text('silence'),
      lowCardinality('type'),
      text('matchers'),
      instant('starts_at'),
      instant('ends_at'),
      text('actor'),
      text('comment'),
    ],
    orderBy: 'project, silence, position',
    retention: 'kept',
  },
  write: (event, out) => {
    if (event.type !== 'SilenceCreated' && event.type !== 'SilenceEnded') return false;
    const created = event.type === 'SilenceCreated' ? event.data : undefined;
    writeEvent(event, undefined, out);
    out.string(event.data.silence);
    out.string(created === undefined ? 'ended' : 'made');
    out.string(created === undefined ? '' : JSON.stringify(created.matchers));
    out.micros(created?.from ?? 0);
    out.micros(created?.until ?? event.occurredAt);
    out.string(event.data.by);
    out.string(created?.comment ?? '');
    return true;
  },
  derived: [],
  derivations: [],
  views: [],
};
