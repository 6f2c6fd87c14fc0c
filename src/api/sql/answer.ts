import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../ports.ts';
import { refuse, SqlError } from './errors.ts';
import { formatNamed } from './formats.ts';
import type { Prepare } from './guard/prepare.ts';
import { withoutShadows } from './guard/systemTables.ts';
import { nativeOf } from './nativeResult.ts';
import type { AnalystLimits, AnalystQuery, AnalystResult, SqlServerDeps } from './ports.ts';
import { admitted } from './settings.ts';
import type { Turns } from './turns.ts';
import { credentials } from './wire/credentials.ts';
import { type Incoming, type SqlRequest, sqlRequest } from './wire/request.ts';
import { type Envelope, sendResult } from './wire/respond.ts';

export interface Exchange {
  deps: SqlServerDeps;
  limits: AnalystLimits;
  turns: Turns;
  prepare: Prepare;
  from: Incoming;
  request: IncomingMessage;
  response: ServerResponse;
  envelope: Envelope;
  stopping: AbortSignal;
}

const maxBodyBytes = 1024 * 1024;

/** One query from its request to its answer; throws an `SqlError` for whatever refuses it. */
export async function answer(exchange: Exchange): Promise<void> {
  const { deps, from, request, response, envelope } = exchange;
  const caller = await admit(exchange);
  const wanted = await sqlRequest(from, request, deps.maxBodyBytes ?? maxBodyBytes);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, exchange.stopping]);
  const end = await exchange.turns.take(signal);
  let result: AnalystResult;
  let format: { name: string; contentType: string };
  try {
    ({ result, format } = await run(exchange, wanted, caller, signal));
  } catch (error) {
    throw told(error, caller, deps);
  } finally {
    end();
  }
  try {
    await sendResult(response, result, envelope, {
      format: format.name,
      contentType: format.contentType,
      nativeCompression: wanted.nativeCompression,
      acceptEncoding: wanted.httpCompression ? String(from.headers['accept-encoding'] ?? '') : '',
    });
  } catch {
    // The reader went away in the middle of the answer; nobody is left to be told.
    response.destroy();
  } finally {
    await result.discard();
  }
}

async function admit({ deps, from, request, envelope }: Exchange): Promise<Caller> {
  const address = request.socket.remoteAddress ?? '';
  const given = credentials(from);
  const caller = given === undefined ? undefined : await deps.authenticate(given.user, given.key);
  const verdict = await deps.limit(caller?.keyId ?? '', address);
  envelope.extra = verdict.headers;
  if (!verdict.allowed) throw refuse('QUOTA_EXCEEDED', 'Too many requests; wait as long as Retry-After says');
  if (given === undefined || given.key === '') {
    throw refuse('REQUIRED_PASSWORD', 'Send a key as the password, with any user name');
  }
  if (caller === undefined) {
    throw refuse(
      'AUTHENTICATION_FAILED',
      'Authentication failed: the password is no key that was issued here and not revoked',
    );
  }
  if (caller.role === 'ingest')
    throw refuse('ACCESS_DENIED', 'Not enough privileges: the key may only send events');
  return caller;
}

async function run(exchange: Exchange, wanted: SqlRequest, caller: Caller, signal: AbortSignal) {
  const { deps, limits, prepare } = exchange;
  const statement = await prepare({
    sql: wanted.sql,
    params: wanted.params,
    database: wanted.database,
    bound: caller.project !== '*',
  });
  const format = formatNamed(statement.format ?? wanted.defaultFormat);
  const settings = admitted([...wanted.settings, ...statement.settings], deps.engine.facts.settings, limits);
  const needed = statement.params.map((name): [string, string] => [name, wanted.params.get(name) ?? '']);
  const query: AnalystQuery = {
    sql: statement.sql,
    database: statement.database,
    inMemory: statement.inMemory,
    format: format.name,
    settings,
    params: new Map(needed),
    project: caller.project,
    signal,
  };
  const versioned = format.name === 'Native' && wanted.revision > 0;
  return {
    format,
    result: await (versioned ? nativeOf(deps.engine, query, wanted.revision) : deps.engine.run(query)),
  };
}

/**
 * What the client hears of a failure. To a key of one project, nothing of a fault met while rows were read: its text
 * quotes values.
 */
function told(error: unknown, caller: Caller, deps: SqlServerDeps): unknown {
  if (!(error instanceof SqlError)) return error;
  const whileReading = /while executing/i.test(error.message) && caller.project !== '*';
  const text = whileReading
    ? 'The query failed on a value that it read; the value is not shown to a key of one project'
    : withoutShadows(error.message).replaceAll(hiddenTable(deps.allowed.database), '');
  return new SqlError(error.code, error.codeName, text);
}

/** Tables behind the views stand in databases named after theirs. */
const hiddenTable = (database: string): RegExp => new RegExp(`\\b${database}_\\w+\\.`, 'g');
