import type { AnalystEngine, AnalystQuery, AnalystResult } from './ports.ts';
import { type Column, revisionBlocks } from './wire/revision.ts';

/** A query's answer in Native, as a server writes it for a client of that protocol version. */
export async function nativeOf(
  engine: AnalystEngine,
  query: AnalystQuery,
  revision: number,
): Promise<AnalystResult> {
  const columns = await columnsOf(engine, query);
  const result = await engine.run({ ...query, format: 'Buffers' });
  return { ...result, size: undefined, chunks: () => revisionBlocks(result.chunks(), columns, revision) };
}

const strings = (names: string): Column[] => names.split(' ').map((name) => ({ name, type: 'String' }));

const described = strings(
  'name type default_type default_expression comment codec_expression ttl_expression',
);

async function columnsOf(engine: AnalystEngine, query: AnalystQuery): Promise<Column[]> {
  // The engine describes queries, not EXPLAIN and DESCRIBE, whose columns are always these.
  if (query.inMemory) return query.sql.startsWith('EXPLAIN') ? strings('explain') : described;
  const answer = await engine.run({
    ...query,
    sql: `DESCRIBE (${query.sql})`,
    format: 'JSONCompactEachRow',
    settings: new Map(),
    inMemory: true,
  });
  const parts: Uint8Array[] = [];
  for await (const part of answer.chunks()) parts.push(part);
  await answer.discard();
  return Buffer.concat(parts)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name, type]: unknown[] = JSON.parse(line);
      return { name: String(name), type: String(type) };
    });
}
