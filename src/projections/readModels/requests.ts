import type { Projection } from '../projection.ts';
import {
  attributesColumn,
  correlationIndexes,
  eventColumnNames,
  eventColumns,
  float,
  lowCardinality,
  text,
  timeOrder,
  userIndex,
  words,
  writeEvent,
} from './columns.ts';
import { rollupDerivations, rollupTables, rollupViews } from './requestRollups.ts';

export const requests: Projection = {
  name: 'requests',
  version: 1,
  types: ['RequestCompleted'],
  source: {
    name: 'requests',
    columns: [
      ...eventColumns,
      lowCardinality('status'),
      float('duration_ms'),
      lowCardinality('error_code'),
      text('error_message'),
      text('stack'),
      attributesColumn,
    ],
    orderBy: timeOrder,
    indexes: [
      ...correlationIndexes,
      userIndex,
      words('error_message'),
      // A search for what is rare, or is not there at all, passes over nearly everything.
      'ix_status status TYPE set(8) GRANULARITY 1',
      'ix_error_code error_code TYPE set(100) GRANULARITY 1',
      'ix_duration duration_ms TYPE minmax GRANULARITY 1',
    ],
    retention: 'raw',
  },
  write: (event, out) => {
    if (event.type !== 'RequestCompleted') return false;
    const { data } = event;
    writeEvent(event, data.operation, out);
    out.string(data.status);
    out.float64(data.durationMs);
    out.string(data.errorCode ?? '');
    out.string(data.errorMessage ?? '');
    out.string(data.stack ?? '');
    out.map(data.attributes);
    return true;
  },
  derived: rollupTables,
  derivations: rollupDerivations,
  views: [
    {
      name: 'requests',
      select: `SELECT ${eventColumnNames}, status, duration_ms, error_code, error_message, stack, attributes FROM {requests}`,
    },
    ...rollupViews,
  ],
};
