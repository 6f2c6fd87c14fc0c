/** Codes of ClickHouse that this door itself raises; its clients tell errors apart by number. */
export const codes = {
  UNKNOWN_IDENTIFIER: 47,
  UNKNOWN_FUNCTION: 46,
  UNKNOWN_TABLE: 60,
  SYNTAX_ERROR: 62,
  QUERY_IS_TOO_LARGE: 66,
  UNKNOWN_FORMAT: 73,
  UNKNOWN_DATABASE: 81,
  CANNOT_DECOMPRESS: 271,
  UNKNOWN_SETTING: 115,
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  READONLY: 164,
  REQUIRED_PASSWORD: 194,
  QUOTA_EXCEEDED: 201,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  MEMORY_LIMIT_EXCEEDED: 241,
  INCORRECT_DATA: 117,
  QUERY_WAS_CANCELLED: 394,
  UNKNOWN_QUERY_PARAMETER: 456,
  ACCESS_DENIED: 497,
  AUTHENTICATION_FAILED: 516,
  UNSUPPORTED_MEDIA_TYPE: 715,
  UNKNOWN_COMPRESSION_METHOD: 89,
  CHECKSUM_DOESNT_MATCH: 40,
  STD_EXCEPTION: 1001,
  ABORTED: 236,
} as const;

export type CodeName = keyof typeof codes;

/** A failure that the client is told of, as a ClickHouse server words it. */
export class SqlError extends Error {
  readonly code: number;
  readonly codeName: string;
  constructor(code: number, codeName: string, message: string) {
    super(message);
    this.name = 'SqlError';
    this.code = code;
    this.codeName = codeName;
  }

  wire(version: string): string {
    const text = this.message.endsWith('.') ? this.message : `${this.message}.`;
    return `Code: ${this.code}. DB::Exception: ${text} (${this.codeName}) (version ${version} (official build))\n`;
  }
}

export const refuse = (name: CodeName, message: string): SqlError => new SqlError(codes[name], name, message);

const enginePattern =
  /^(?:Query failed: )?Code: (\d+)\. DB::Exception: ([\s\S]*?)\.? \(([A-Z][A-Z0-9_]*)\)\s*$/;
const versionAtEnd = / \(version [^()]*(?:\([^()]*\))?\)\.?\s*$/;

/** Reads the engine's own words; its exceptions repeat themselves when they pass from one layer to the next. */
export function fromEngine(text: string): SqlError {
  const [, code, message = '', codeName = ''] = enginePattern.exec(text.replace(versionAtEnd, '')) ?? [];
  if (code === undefined) return refuse('STD_EXCEPTION', 'The engine failed');
  return enginePattern.test(message.replace(versionAtEnd, ''))
    ? fromEngine(message)
    : new SqlError(Number(code), codeName, message);
}

const badRequest = new Set([
  6, 15, 25, 26, 27, 36, 38, 41, 42, 43, 44, 53, 56, 58, 62, 69, 72, 117, 167, 168, 321, 376, 427, 441, 675,
  676,
]);
const notFound = new Set([46, 47, 50, 60, 63, 73, 81, 115, 335, 78, 511]);

/**
 * The statuses of a ClickHouse server, but for two things: what it lets fall to 500 although the client is at fault
 * is 400 here, so that 5xx means a fault of ours; and a refusal by read-only mode is 403.
 */
export function httpStatus(code: number): number {
  if (code === codes.REQUIRED_PASSWORD) return 401;
  if ([codes.AUTHENTICATION_FAILED, 192, 193, codes.ACCESS_DENIED, 512].includes(code)) return 403;
  if (code === codes.READONLY) return 403;
  if (badRequest.has(code)) return 400;
  if (notFound.has(code)) return 404;
  if (code === codes.QUERY_IS_TOO_LARGE) return 413;
  if (code === codes.NOT_IMPLEMENTED) return 501;
  if (code === codes.UNSUPPORTED_MEDIA_TYPE) return 415;
  if (code === codes.QUOTA_EXCEEDED) return 429;
  if (code === codes.TOO_MANY_SIMULTANEOUS_QUERIES || code === codes.ABORTED) return 503;
  // By our own stop: a client that gave up hears nothing any more.
  if (code === codes.QUERY_WAS_CANCELLED) return 503;
  // Out of time for the query, for its socket; no thread, no room on the disk.
  if (code === 159) return 408;
  if ([209, 76, 439, 243].includes(code)) return 503;
  if (code === codes.STD_EXCEPTION || code === 49) return 500;
  return 400;
}
