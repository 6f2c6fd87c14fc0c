import type { Delivery } from '../../projections/notifications/ports.ts';
import { decoded, shown } from './reasons.ts';

export interface Answer {
  kind: 'answer';
  status: number;
  headers: Headers;
  /** The beginning of the body. */
  text: string;
}

export type Outcome = Answer | Extract<Delivery, { kind: 'refused' }>;

export interface HttpRequest {
  method?: 'POST' | 'GET';
  headers?: Readonly<Record<string, string>>;
  body?: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** For the logs of those who receive. */
export const userAgentOf = (version: string): string => `Chronoscope/${version}`;

export const defaultTimeoutMs = 10_000;
/** No answer that is worth reading is longer. */
const longestAnswer = 64 * 1_024;

/** One request, which is answered or refused and never throws. Redirects are not followed: they could lead anywhere. */
export async function request(address: URL, options: HttpRequest): Promise<Outcome> {
  const { signal, timeoutMs, method = 'POST', body } = options;
  // Not `AbortSignal.any` with `AbortSignal.timeout`: what nothing else refers to may be collected before it fires.
  const abort = new AbortController();
  const stop = () => abort.abort(stopped);
  const timer = setTimeout(() => abort.abort(tooLate), timeoutMs);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const response = await fetch(bare(address), {
      method,
      headers: { ...authorization(address), ...options.headers },
      redirect: 'manual',
      signal: abort.signal,
      ...(body === undefined ? {} : { body }),
    });
    const text = await beginningOf(response);
    return { kind: 'answer', status: response.status, headers: response.headers, text };
  } catch (error) {
    return { kind: 'refused', reason: faultOf(error, abort.signal.reason, timeoutMs), permanent: false };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

const stopped = new Error('stopped');
const tooLate = new Error('too late');

function faultOf(error: unknown, abortReason: unknown, timeoutMs: number): string {
  if (abortReason === tooLate) return `no answer within ${timeoutMs / 1_000} s`;
  if (abortReason === stopped) return 'stopped before there was an answer';
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  // Only the code: a message may have the address in it, and the address is a secret.
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return `the connection failed (${code ?? 'no reason given'})`;
}

/** `fetch` takes no address with a password in it. */
function bare(address: URL): URL {
  const copy = new URL(address);
  copy.username = '';
  copy.password = '';
  return copy;
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const text = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  if (response.body === null) return text;
  // Leaving the loop cancels the rest.
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= longestAnswer) break;
  }
  return text;
}

export const succeeded = ({ status }: Answer): boolean => status >= 200 && status < 300;

const temporary = new Set([408, 425, 429]);

/** What a status that is no success means for another attempt. */
export function refusalOf(
  answer: Answer,
  secrets: readonly string[],
  now: number,
): Extract<Delivery, { kind: 'refused' }> {
  const { status, headers, text } = answer;
  if (status >= 300 && status < 400) {
    const reason = `status ${status}: it redirects, which is not followed; set the address that it leads to`;
    return { kind: 'refused', reason, permanent: true };
  }
  const said = shown(text, secrets);
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), now);
  return {
    kind: 'refused',
    reason: `status ${status}${said === '' ? '' : `: ${said}`}`,
    permanent: status < 500 && !temporary.has(status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Seconds or a date, as RFC 9110 has it. */
function readRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}(?:\.\d+)?$/.test(text.trim())) return Math.ceil(Number(text) * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
