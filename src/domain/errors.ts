/**
 * Every refusal that a user can meet has a code here, and docs/errors.md is made from this table. A code never
 * changes its meaning and is never used again for another one.
 */
export const errorCatalogue = {
  CHR_UNAUTHENTICATED: {
    status: 401,
    help: 'Send `Authorization: Bearer <key>` with a key that was issued here and not revoked.',
  },
  CHR_FORBIDDEN: {
    status: 403,
    help: 'The key has too small a role or belongs to another project; ask an admin for one that fits.',
  },
  CHR_RATE_LIMITED: {
    status: 429,
    help: 'Wait as long as `Retry-After` says; the `RateLimit-*` headers tell what is left.',
  },
  CHR_NOT_FOUND: { status: 404, help: 'Nothing is at this address; /docs lists every route.' },
  CHR_METHOD_NOT_ALLOWED: {
    status: 405,
    help: 'The address exists, but not for this method; /docs lists every route.',
  },
  CHR_INVALID_REQUEST: {
    status: 400,
    help: '`details` names each parameter or field that was wrong, and what is allowed.',
  },
  CHR_INVALID_JSON: {
    status: 400,
    help: 'The body is not JSON (or not one JSON object a line, for NDJSON); the message says where.',
  },
  CHR_INVALID_EVENT: {
    status: 400,
    help: 'The event does not fit its schema; docs/events.md has each type with its fields.',
  },
  CHR_INVALID_RULES: {
    status: 400,
    help: '`details.faults` has each fault with its line and column; docs/alert-rules.md has the format. The rules before stay in force.',
  },
  CHR_UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    help: 'Use application/json, application/x-ndjson or CloudEvents, with gzip, zstd, br, deflate or no encoding.',
  },
  CHR_BODY_TOO_LARGE: {
    status: 413,
    help: 'Send smaller batches; the limit, before and after decompression, is in the message.',
  },
  CHR_BAD_ENCODING: {
    status: 400,
    help: 'The body could not be decompressed with the Content-Encoding that it names.',
  },
  CHR_LOG_UNAVAILABLE: {
    status: 503,
    help: 'The event log cannot take events now (disk full, store away). Send the same request again after `Retry-After`, with the same ids: nothing of it was stored in an embedded log, and what a server may have stored of it already counts once.',
  },
  CHR_READ_STORE_UNAVAILABLE: {
    status: 503,
    help: 'The read store does not answer; events are still accepted. Try again after `Retry-After`.',
  },
  CHR_URL_TOO_LONG: { status: 414, help: 'A part of the address is longer than any name here can be.' },
  CHR_HEADERS_TOO_LARGE: { status: 431, help: 'Send fewer or shorter headers; 16 KiB is the most.' },
  CHR_REQUEST_TIMEOUT: {
    status: 408,
    help: 'The request did not arrive in full in time; send it again over a faster line or in smaller parts.',
  },
  CHR_HANDLER_TIMEOUT: {
    status: 503,
    help: 'The answer took longer than the route allows; ask for a smaller window or send the request again.',
  },
  CHR_SHUTTING_DOWN: { status: 503, help: 'The engine is stopping; send the request again in a moment.' },
  CHR_WAIT_TIMEOUT: {
    status: 504,
    help: 'The projections had not reached the `after` position within `wait`; /v1/positions shows how far they are.',
  },
  CHR_CONFLICT: {
    status: 409,
    help: 'Someone was quicker, or it cannot be done any more; the message says which. Read it again before repeating.',
  },
  CHR_NOT_HERE: {
    status: 409,
    help: 'Ask the process with the role `project`. With a feed in lanes nothing is rebuilt in place: build a second set beside it, as upgrading.md says.',
  },
  CHR_KEY_LAST_ADMIN: {
    status: 409,
    help: 'This is the last admin key for all projects; issue another one before revoking it.',
  },
  CHR_INTERNAL: { status: 500, help: 'A fault of ours. The log has it under the `requestId` of the answer.' },
} as const satisfies Record<string, { status: number; help: string }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** A refusal with a code; anything else that is thrown reaches the user as CHR_INTERNAL, without its text. */
export class ChronoscopeError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfterSeconds: number | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: unknown; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ChronoscopeError';
    this.code = code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }
}
