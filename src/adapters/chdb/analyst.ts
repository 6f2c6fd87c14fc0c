import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChdbResult, drainPending, Session } from 'chdb';
import { fromEngine, refuse } from '../../api/sql/errors.ts';
import type { AnalystEngine, AnalystLimits, AnalystQuery, AnalystResult } from '../../api/sql/ports.ts';
import { quote } from '../../projections/sql.ts';
import { readFacts } from './analystFacts.ts';
import { confined, sessionStatements } from './analystSession.ts';

export interface AnalystOptions {
  /** The engine's data folder; the first session on it has fixed the engine's configuration. */
  path: string;
  connectionArgs?: readonly string[];
  /** Where answers wait to be read; emptied at the start. */
  spoolFolder: string;
  database: string;
  views: readonly string[];
  limits: AnalystLimits;
}

/** Statements one after another on one session. */
class Line {
  private readonly session: Session;
  private last: Promise<unknown> = Promise.resolve();
  constructor(session: Session) {
    this.session = session;
  }

  run(sql: string): Promise<string> {
    const next = this.last
      .then(() => this.session.queryAsync(sql, { format: 'TSVRaw' }))
      .then((r) => r.text());
    this.last = next.catch(() => undefined);
    return next;
  }

  async close(): Promise<void> {
    await this.last;
    this.session.close();
  }
}

const parsing =
  'SET max_threads = 1, max_query_size = 4194304, max_execution_time = 10, max_ast_depth = 1000';

/**
 * Analysts' statements in the embedded engine. Each runs on a session of its own, opened for it, limited, made read
 * only and closed after it: nothing that one leaves behind can reach another. An answer is written to a file that is
 * already unlinked when it is read, so that its size costs no memory and a slow reader holds no part of the engine.
 */
export async function openAnalystEngine(options: AnalystOptions): Promise<AnalystEngine> {
  await rm(options.spoolFolder, { recursive: true, force: true });
  await mkdir(options.spoolFolder, { recursive: true, mode: 0o700 });
  const args = options.connectionArgs;
  const session = () => new Session(options.path, args === undefined ? {} : { connectionArgs: [...args] });
  const reader = new Line(session());
  const control = new Line(session());
  await reader.run(parsing);
  const facts = await readFacts((sql) => reader.run(sql), options.database);
  // It only ever parses, but what it parses is a stranger's.
  await reader.run(confined);
  const running = new Set<Promise<unknown>>();
  let closed = false;

  const asError = (error: unknown) => fromEngine(withoutPaths(messageOf(error), options));

  async function execute(query: AnalystQuery): Promise<AnalystResult> {
    const own = session();
    const comment = `analyst-${randomUUID()}`;
    const kill = () => void control.run(`KILL QUERY WHERE Settings['log_comment'] = ${quote(comment)} ASYNC`);
    query.signal.addEventListener('abort', kill, { once: true });
    try {
      await own.queryAsync(sessionStatements(query, comment, options, facts.settings));
      if (query.signal.aborted) throw refuse('QUERY_WAS_CANCELLED', 'Query was cancelled');
      return query.inMemory
        ? await fromMemory(own, query)
        : await throughFile(own, query, options.spoolFolder, { maxBytes: options.limits.resultBytes, kill });
    } finally {
      query.signal.removeEventListener('abort', kill);
      own.close();
    }
  }

  return {
    facts,
    canonical: (sql) =>
      reader
        .run(`SELECT formatQuerySingleLine(${quote(sql)})`)
        .then((text) => text.replace(/\n$/, ''))
        .catch((error) => {
          throw syntaxError(asError(error));
        }),
    explainAst: (sql) =>
      reader.run(`EXPLAIN AST ${sql}`).catch((error) => {
        throw asError(error);
      }),
    arrange: (sql) =>
      control.run(sql).catch((error) => {
        throw asError(error);
      }),
    async run(query) {
      if (closed) throw refuse('ABORTED', 'The engine is stopping');
      const work = execute(query).catch((error) => {
        throw error instanceof Error && error.name === 'SqlError' ? error : asError(error);
      });
      const settled = work.catch(() => undefined);
      running.add(settled);
      void settled.then(() => running.delete(settled));
      return work;
    },
    async close() {
      if (closed) return;
      closed = true;
      if (running.size > 0)
        await control.run("KILL QUERY WHERE Settings['log_comment'] LIKE 'analyst-%' ASYNC");
      await Promise.all(running);
      await reader.close();
      await control.close();
      await drainPending();
      await rm(options.spoolFolder, { recursive: true, force: true });
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const withoutPaths = (text: string, options: AnalystOptions): string =>
  text.replaceAll(options.spoolFolder, '').replaceAll(options.path, '');

/** The parser's complaint without the function that called it. */
function syntaxError(error: ReturnType<typeof fromEngine>) {
  const text = error.message.replace(/: In scope SELECT formatQuerySingleLine\([\s\S]*$/, '');
  return fromEngine(`Code: ${error.code}. DB::Exception: ${text}. (${error.codeName})`);
}

const statsOf = (result: ChdbResult): AnalystResult['stats'] => ({
  elapsedSeconds: result.elapsed,
  rows: result.rowsRead,
  bytes: result.bytesRead,
});

async function fromMemory(session: Session, query: AnalystQuery): Promise<AnalystResult> {
  const result = await session.queryAsync(query.sql, { format: query.format });
  const bytes = result.bytes();
  return {
    size: bytes.length,
    stats: statsOf(result),
    async *chunks() {
      yield bytes;
    },
    discard: () => Promise.resolve(),
  };
}

async function throughFile(
  session: Session,
  query: AnalystQuery,
  folder: string,
  guard: { maxBytes: number; kill(): void },
): Promise<AnalystResult> {
  const path = join(folder, randomUUID());
  const watch = watchSize(path, guard);
  try {
    const result = await session
      .queryAsync(`${query.sql} INTO OUTFILE ${quote(path)} FORMAT ${query.format}`)
      .finally(watch.stop);
    const file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > guard.maxBytes) {
      await file.close();
      throw tooLarge(guard.maxBytes);
    }
    return {
      size,
      stats: statsOf(result),
      async *chunks() {
        yield* file.createReadStream({ highWaterMark: 256 * 1024, autoClose: false });
      },
      discard: () => file.close(),
    };
  } catch (error) {
    throw watch.exceeded() ? tooLarge(guard.maxBytes) : error;
  } finally {
    await unlink(path).catch(() => undefined);
  }
}

const tooLarge = (maxBytes: number) =>
  fromEngine(
    `Code: 396. DB::Exception: Limit for result exceeded, max bytes: ${maxBytes}. (TOO_MANY_ROWS_OR_BYTES)`,
  );

/** The engine counts a constant column as one value, however often it is written; the file tells the truth. */
function watchSize(path: string, guard: { maxBytes: number; kill(): void }) {
  let exceeded = false;
  const timer = setInterval(async () => {
    const size = await stat(path).then(
      (s) => s.size,
      () => 0,
    );
    if (exceeded || size <= guard.maxBytes) return;
    exceeded = true;
    guard.kill();
  }, 50);
  return { exceeded: () => exceeded, stop: () => clearInterval(timer) };
}
