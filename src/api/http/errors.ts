import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { ChronoscopeError, type ErrorCode, errorCatalogue } from '../../domain/errors.ts';
import { LogUnavailableError } from '../../projections/ports.ts';
import { challengeFor } from './auth.ts';

/** The body of every answer that is not a success. */
interface ErrorBody {
  error: { code: ErrorCode; message: string; details?: unknown };
}

const bodyOf = (code: ErrorCode, message: string, details?: unknown): ErrorBody => ({
  error: { code, message, ...(details === undefined ? {} : { details }) },
});

export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = recognise(error, request);
  if (known === undefined) {
    request.log.error({ err: error, method: request.method, path: pathOf(request) }, 'request failed');
    const details = { requestId: request.id };
    return send(reply, 500, bodyOf('CHR_INTERNAL', 'Something went wrong on our side.', details));
  }
  if (known.status >= 500) request.log.warn({ err: error, path: pathOf(request) }, 'request refused');
  if (known.retryAfterSeconds !== undefined) reply.header('retry-after', String(known.retryAfterSeconds));
  if (known.code === 'CHR_UNAUTHENTICATED') reply.header('www-authenticate', challengeFor(request));
  return send(reply, known.status, bodyOf(known.code, known.message, known.details));
}

// Some senders can put their key nowhere but into the query: it is never logged.
export const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? '';

// Serialised here, so that no response schema of the route can drop or refuse the body.
const send = (reply: FastifyReply, status: number, body: ErrorBody): FastifyReply =>
  reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(body);

function recognise(error: unknown, request: FastifyRequest): ChronoscopeError | undefined {
  if (error instanceof ChronoscopeError) return error;
  if (error instanceof LogUnavailableError) {
    const details = { reason: error.reason };
    const message = 'The event log cannot take events now.';
    return new ChronoscopeError('CHR_LOG_UNAVAILABLE', message, { details, retryAfterSeconds: 5 });
  }
  if (hasZodFastifySchemaValidationErrors(error)) return invalidRequest(error);
  return isFastifyError(error) ? fromFastify(error, request) : undefined;
}

function invalidRequest(error: {
  validation: readonly { instancePath: string; message?: string }[];
  validationContext?: string;
}): ChronoscopeError {
  const where = error.validationContext ?? 'request';
  const details = error.validation.map(({ instancePath, message }) => ({
    in: where,
    path: instancePath.slice(1).replaceAll('/', '.'),
    message: message ?? 'not allowed',
  }));
  const first = details[0];
  const name = first?.path ? `${where} "${first.path}"` : where;
  return new ChronoscopeError('CHR_INVALID_REQUEST', `${name}: ${first?.message ?? 'not allowed'}`, {
    details,
  });
}

const isFastifyError = (error: unknown): error is FastifyError =>
  error instanceof Error && typeof (error as FastifyError).code === 'string' && 'statusCode' in error;

const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'CHR_BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'CHR_UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_JSON_BODY: 'CHR_INVALID_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'CHR_INVALID_JSON',
  FST_ERR_MAX_PARAM_LENGTH: 'CHR_URL_TOO_LONG',
  FST_ERR_HANDLER_TIMEOUT: 'CHR_HANDLER_TIMEOUT',
};

function fromFastify(error: FastifyError, request: FastifyRequest): ChronoscopeError | undefined {
  const code = fastifyCodes[error.code];
  if (code === 'CHR_HANDLER_TIMEOUT') {
    return new ChronoscopeError(code, 'The answer took too long.', { retryAfterSeconds: 5 });
  }
  if (code === 'CHR_BODY_TOO_LARGE') {
    const limit = request.routeOptions.bodyLimit;
    return new ChronoscopeError(code, `The body is over the limit of ${limit} bytes.`, {
      details: { limitBytes: limit },
    });
  }
  if (code !== undefined) return new ChronoscopeError(code, error.message);
  const isOurs = (error.statusCode ?? 500) >= 500 || !error.code.startsWith('FST_');
  return isOurs ? undefined : new ChronoscopeError('CHR_INVALID_REQUEST', error.message);
}

const socketCodes: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'CHR_REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'CHR_HEADERS_TOO_LARGE',
};

/** What arrives is no HTTP, too long or too slow: there is no request to answer, only a socket. */
export function handleClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const code = socketCodes[error.code ?? ''] ?? 'CHR_INVALID_REQUEST';
  const { status, help } = errorCatalogue[code];
  const body = JSON.stringify(bodyOf(code, code === 'CHR_INVALID_REQUEST' ? 'This is not HTTP.' : help));
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy(error);
}
