import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { httpStatus, type SqlError } from '../errors.ts';
import type { AnalystResult, EngineFacts } from '../ports.ts';
import { encodeBlocks, evened } from './blocks.ts';
import { chosenEncoding, encoder, type ResponseEncoding } from './encodings.ts';
import { encodeLz4Frame } from './lz4Frame.ts';

/** What every answer carries, errors included. */
export interface Envelope {
  facts: EngineFacts;
  queryId: string;
  isHead: boolean;
  /** Of the rate limits. */
  extra: Record<string, string>;
}

const display = 'chronoscope';

const common = (envelope: Envelope): OutgoingHttpHeaders => ({
  ...envelope.extra,
  'X-ClickHouse-Server-Display-Name': display,
  'X-ClickHouse-Query-Id': envelope.queryId,
  'X-ClickHouse-Timezone': envelope.facts.timezone,
});

export function sendError(response: ServerResponse, error: SqlError, envelope: Envelope): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const status = httpStatus(error.code);
  const body = Buffer.from(error.wire(envelope.facts.version));
  response.writeHead(status, {
    ...common(envelope),
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': body.length,
    'X-ClickHouse-Exception-Code': String(error.code),
    ...(status === 401 ? { 'WWW-Authenticate': 'Basic realm="ClickHouse server HTTP API"' } : {}),
    ...(status === 503 ? { 'Retry-After': '1' } : {}),
    // The rest of a body that is too long is not worth reading.
    ...(status === 413 ? { Connection: 'close' } : {}),
  });
  response.end(envelope.isHead ? undefined : body);
}

export interface PlainAnswer {
  status: number;
  text: string;
  headers?: OutgoingHttpHeaders;
}

export function sendText(response: ServerResponse, answer: PlainAnswer, isHead: boolean): void {
  const body = Buffer.from(answer.text);
  response.writeHead(answer.status, {
    ...answer.headers,
    'Content-Type': 'text/html; charset=UTF-8',
    'Content-Length': body.length,
  });
  response.end(isHead ? undefined : body);
}

export interface AnswerOptions {
  format: string;
  contentType: string;
  nativeCompression: boolean;
  /** The client's `Accept-Encoding`, empty when it did not switch compression on. */
  acceptEncoding: string;
}

export async function sendResult(
  response: ServerResponse,
  result: AnalystResult,
  envelope: Envelope,
  options: AnswerOptions,
): Promise<void> {
  const encoding = options.nativeCompression ? undefined : chosenEncoding(options.acceptEncoding);
  const plain = encoding === undefined && !options.nativeCompression;
  response.writeHead(200, {
    ...common(envelope),
    'Content-Type': options.contentType,
    'X-ClickHouse-Format': options.format,
    'X-ClickHouse-Summary': summary(result),
    ...(encoding === undefined ? {} : { 'Content-Encoding': encoding, Vary: 'Accept-Encoding' }),
    ...(plain && result.size !== undefined ? { 'Content-Length': result.size } : {}),
  });
  if (envelope.isHead) {
    response.end();
    return;
  }
  const source = Readable.from(packed(result, options.nativeCompression, encoding), { objectMode: false });
  if (encoding === undefined || encoding === 'lz4') await pipeline(source, response);
  else await pipeline(source, encoder(encoding), response);
}

function packed(result: AnalystResult, blocks: boolean, encoding: ResponseEncoding | undefined) {
  if (blocks) return encodeBlocks(result.chunks());
  return encoding === 'lz4' ? encodeLz4Frame(evened(result.chunks())) : result.chunks();
}

function summary(result: AnalystResult): string {
  const { rows, bytes, elapsedSeconds } = result.stats;
  return JSON.stringify({
    read_rows: String(rows),
    read_bytes: String(bytes),
    written_rows: '0',
    written_bytes: '0',
    total_rows_to_read: '0',
    result_rows: String(rows),
    result_bytes: String(result.size ?? bytes),
    elapsed_ns: String(Math.round(elapsedSeconds * 1e9)),
  });
}
