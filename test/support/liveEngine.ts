import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { type Running, startProgram } from './program.ts';

export const adminKey = 'chr_a_integrity_tests_use_this_key_and_no_other';

export interface LiveEngine {
  origin: string;
  sqlOrigin: string;
  program: Running;
}

/** The program on a folder, as an operator starts it, on ports that are free. */
export async function startEngine(
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<LiveEngine> {
  const program = startProgram(['serve'], {
    CHRONOSCOPE_DATA: folder,
    CHRONOSCOPE_PORT: '0',
    CHRONOSCOPE_SQL_PORT: '0',
    CHRONOSCOPE_ADMIN_KEY: adminKey,
    CHRONOSCOPE_LOG_LEVEL: 'warn',
    ...more,
  });
  await program.says(/SQL\s+http/);
  const printed = await program.says(/data\s+\S/);
  const [origin = '', sqlOrigin = ''] = printed.match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [];
  return { origin, sqlOrigin, program };
}

export const post = (origin: string, body: string, type = 'application/json'): Promise<Response> =>
  fetch(`${origin}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': type },
    body,
  });

/** Rows as an analyst gets them, one array of strings a row. */
export async function sqlRows({ sqlOrigin }: LiveEngine, query: string): Promise<string[][]> {
  const answer = await fetch(`${sqlOrigin}/?default_format=TSV`, {
    method: 'POST',
    headers: { 'x-clickhouse-user': 'test', 'x-clickhouse-key': adminKey },
    body: query,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'));
}

/** Everything that the log of a stopped engine holds. */
export async function readLog(folder: string): Promise<RecordedEvent[]> {
  const log = await openLmdbLog({ path: join(folder, 'log'), clock: Date.now });
  try {
    const events: RecordedEvent[] = [];
    for await (const batch of log.read()) events.push(...batch.events);
    return events;
  } finally {
    await log.close();
  }
}

export async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'chronoscope-integrity-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
