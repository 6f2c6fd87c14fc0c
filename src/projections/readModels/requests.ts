import type { Projection } from '../projection.ts';
import {
  attributesCell,
  attributesColumn,
  correlationIndexes,
  eventCells,
  eventColumnNames,
  eventColumns,
  float,
  lowCardinality,
  text,
  timeOrder,
  words,
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
    indexes: [...correlationIndexes, words('error_message')],
    retention: 'raw',
  },
  row: (event) => {
    if (event.type !== 'RequestCompleted') return undefined;
    const { data } = event;
    const cells = eventCells(event, data.operation);
    cells.push(
      data.status,
      data.durationMs,
      data.errorCode ?? '',
      data.errorMessage ?? '',
      data.stack ?? '',
      attributesCell(data.attributes),
    );
    return cells;
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
