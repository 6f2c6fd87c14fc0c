import { z } from 'zod';
import { everyFault } from './everyFault.ts';
import { CommandError } from './exit.ts';

const errorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown() }),
});

export interface HttpClient {
  address: string;
  /** The answer's JSON, judged by `schema`; a refusal is thrown as a `CommandError` with the engine's own words. */
  call<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T>;
}

export function createHttpClient(address: string, key: string | undefined): HttpClient {
  const headers = (body: unknown) => ({
    ...(key && { authorization: `Bearer ${key}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  });
  return {
    address,
    async call(method, path, schema, body) {
      const response = await reach(new URL(path, address), {
        method,
        headers: headers(body),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const answer: unknown = await response.json().catch(() => undefined);
      if (!response.ok) throw refusal(address, response.status, answer);
      const parsed = schema.safeParse(answer);
      if (parsed.success) return parsed.data;
      throw new CommandError(
        'unexpected_answer',
        `${address} answers ${method} ${path} in another form than this version knows`,
      );
    },
  };
}

async function reach(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(60_000) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason =
      cause instanceof Error ? (cause as NodeJS.ErrnoException).code || cause.message : String(cause);
    const hint = 'Start the engine with `chronoscope serve`, or give its address with --url.';
    throw new CommandError('unreachable', `nothing answers at ${url.origin} (${reason})`, hint);
  }
}

function refusal(address: string, status: number, answer: unknown): CommandError {
  const parsed = errorBody.safeParse(answer);
  if (!parsed.success)
    return new CommandError('unexpected_answer', `${address} answered with status ${status}`);
  const { code, message, details } = parsed.data.error;
  const hint =
    status === 401 || status === 403 ? 'Give an admin key with --key or CHRONOSCOPE_ADMIN_KEY.' : undefined;
  return new CommandError(code, everyFault(message, details), hint);
}
