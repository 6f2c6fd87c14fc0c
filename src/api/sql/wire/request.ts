import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { refuse } from '../errors.ts';
import { decodeBlocks } from './blocks.ts';
import { decodeBody } from './encodings.ts';
import { formFields } from './multipart.ts';

/** A request without its body. */
export interface Incoming {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  queryId: string;
}

/** What a client wants, whichever way it said so. */
export interface SqlRequest {
  sql: string;
  params: Map<string, string>;
  settings: [string, string][];
  database: string;
  defaultFormat: string;
  /** Of the client's protocol; zero when it names none. */
  revision: number;
  nativeCompression: boolean;
  httpCompression: boolean;
}

export function incoming(request: IncomingMessage): Incoming | undefined {
  let url: URL;
  try {
    url = new URL(request.url ?? '/', 'http://localhost');
  } catch {
    return undefined;
  }
  const wanted = url.searchParams.get('query_id') ?? '';
  const queryId = /^[\x21-\x7e]{1,128}$/.test(wanted) ? wanted : randomUUID();
  return { method: request.method ?? 'GET', url, headers: request.headers, queryId };
}

/** Parameters that are no settings of the engine's. */
const reserved: ReadonlySet<string> = new Set([
  'query',
  'query_id',
  'user',
  'password',
  'quota_key',
  'database',
  'default_format',
  'compress',
  'decompress',
  'session_id',
  'session_timeout',
  'session_check',
  'stacktrace',
  'client_protocol_version',
  'role',
  'framing',
]);

export async function sqlRequest(
  from: Incoming,
  request: IncomingMessage,
  maxBytes: number,
): Promise<SqlRequest> {
  const { searchParams } = from.url;
  const { text, fields } = await readBody(from, request, maxBytes);
  const named = [...searchParams, ...fields];
  const first = (name: string) => named.find(([key]) => key === name)?.[1];
  const query = named
    .filter(([key]) => key === 'query')
    .map(([, value]) => value)
    .join('\n');
  return {
    sql: query === '' ? text : text === '' ? query : `${query}\n${text}`,
    params: new Map(
      named
        .filter(([key]) => key.startsWith('param_'))
        .map(([key, value]) => [paramName(key.slice(6)), value]),
    ),
    settings: named.filter(([key]) => !reserved.has(key) && !key.startsWith('param_')),
    database: first('database') ?? header(from, 'x-clickhouse-database') ?? '',
    defaultFormat: first('default_format') ?? header(from, 'x-clickhouse-format') ?? 'TabSeparated',
    revision: Number.parseInt(first('client_protocol_version') ?? '0', 10) || 0,
    nativeCompression: isOn(first('compress')),
    httpCompression: isOn(first('enable_http_compression')),
  };
}

const isOn = (value: string | undefined): boolean => value === '1' || value === 'true';

const header = (from: Incoming, name: string): string | undefined => {
  const value = from.headers[name];
  return typeof value === 'string' ? value : undefined;
};

function paramName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw refuse('BAD_ARGUMENTS', 'A parameter of a query is named with letters, digits and underscores');
  }
  return name;
}

interface Body {
  text: string;
  fields: [string, string][];
}

async function readBody(from: Incoming, request: IncomingMessage, maxBytes: number): Promise<Body> {
  if (from.method !== 'POST') return { text: '', fields: [] };
  const encoding = (header(from, 'content-encoding') ?? '').trim().toLowerCase();
  let body = await decodeBody(await received(request, maxBytes), encoding, maxBytes);
  if (isOn(from.url.searchParams.get('decompress') ?? undefined)) body = decodeBlocks(body, maxBytes);
  const type = header(from, 'content-type') ?? '';
  if (type.toLowerCase().startsWith('multipart/form-data'))
    return { text: '', fields: formFields(body, type) };
  return { text: utf8(body), fields: [] };
}

async function received(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of request) {
    total += part.length;
    if (total > maxBytes) throw refuse('QUERY_IS_TOO_LARGE', `The request is longer than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function utf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw refuse('SYNTAX_ERROR', 'The statement is not UTF-8');
  }
}
