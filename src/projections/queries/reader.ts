import { ChronoscopeError } from '../../domain/errors.ts';
import type { ReadStore } from '../ports.ts';
import type { TableNamer } from '../table.ts';

/** Reads from the tables of the present generations. */
export interface Reader {
  /** 64-bit integers come as strings. */
  rows<T>(build: (table: TableNamer) => string): Promise<T[]>;
}

export interface ReaderDeps {
  store: Pick<ReadStore, 'query'>;
  /** The present name of a table; it changes when a rebuild swaps. */
  tableName: TableNamer;
  /** A store that hangs is as good as one that is away. */
  timeoutMs?: number;
}

const unknownTable = '60';

export function createReader({ store, tableName, timeoutMs = 20_000 }: ReaderDeps): Reader {
  const attempt = <T>(sql: string) => within(timeoutMs, (signal) => store.query<T>(sql, { signal }));
  return {
    async rows<T>(build: (table: TableNamer) => string) {
      const statement = build(tableName);
      try {
        return await attempt<T>(statement);
      } catch (error) {
        // A rebuild may have swapped tables between the naming and the reading.
        const again = codeOf(error) === unknownTable ? build(tableName) : statement;
        if (again === statement) throw explained(error);
        return await attempt<T>(again).catch((second: unknown) => {
          throw explained(second);
        });
      }
    },
  };
}

async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${ms} ms`));
      stop.abort();
    }, ms);
  });
  try {
    return await Promise.race([work(stop.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The engine's number for what went wrong; undefined when it was not the engine that spoke. */
function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^\d+$/.test(code) ? code : undefined;
}

/** Of the engine's own refusals, these speak of its state and not of the statement. */
const troubles: ReadonlySet<string> = new Set([
  '60', // UNKNOWN_TABLE
  '81', // UNKNOWN_DATABASE
  '159', // TIMEOUT_EXCEEDED
  '160', // TOO_SLOW
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '209', // SOCKET_TIMEOUT
  '210', // NETWORK_ERROR
  '241', // MEMORY_LIMIT_EXCEEDED
  '242', // TABLE_IS_READ_ONLY
  '279', // ALL_CONNECTION_TRIES_FAILED
  '394', // QUERY_WAS_CANCELLED
  '516', // AUTHENTICATION_FAILED
  '745', // SERVER_OVERLOADED
]);

function explained(error: unknown): unknown {
  const code = codeOf(error);
  if (code !== undefined && !troubles.has(code)) return error;
  return new ChronoscopeError('CHR_READ_STORE_UNAVAILABLE', 'The read store does not answer.', {
    retryAfterSeconds: 5,
    cause: error,
  });
}
