import type { FastifyReply, FastifyRequest } from 'fastify';
import { ChronoscopeError } from '../../domain/errors.ts';
import type { LimitPolicy, LimitVerdict } from '../../domain/limits.ts';
import type { LimitClaim, LimitStore } from '../ports.ts';
import type { RouteRole } from './auth.ts';

/** `undefined` switches one off. */
export interface LimitPolicies {
  /** Per key, on routes that take events in; counted by request, however many events it carries. */
  ingest: LimitPolicy | undefined;
  /** Per key, on every other route. */
  read: LimitPolicy | undefined;
  /** Per address, all of its keys together. */
  address: LimitPolicy | undefined;
  /** Per address, for whatever comes without a key. */
  open: LimitPolicy | undefined;
  /** Per address, for wrong keys. A right one from the same address is not held up. */
  failed: LimitPolicy | undefined;
}

interface LimitedRequest {
  role: RouteRole;
  /** Whether there was a key, valid or not. */
  keyGiven: boolean;
  /** Whose key it was; absent when it was missing or wrong. */
  keyId: string | undefined;
  address: string;
  cost: number;
}

export interface Limiter {
  check(request: LimitedRequest): LimitVerdict | Promise<LimitVerdict>;
}

const unlimited: LimitVerdict = { allowed: true, limit: 0, remaining: 0, resetMs: 0 };

export function createLimiter(deps: { store: LimitStore; policies: LimitPolicies }): Limiter {
  const { store, policies } = deps;
  return {
    check({ role, keyGiven, keyId, address, cost }) {
      const claims: LimitClaim[] = [];
      const claim = (bucket: string, policy: LimitPolicy | undefined): void => {
        if (policy !== undefined) claims.push({ bucket, policy });
      };
      const subnet = subnetOf(address);
      if (role === 'open' || !keyGiven) claim(`open:${subnet}`, policies.open);
      else if (keyId === undefined) claim(`failed:${subnet}`, policies.failed);
      else {
        const kind = role === 'ingest' ? 'ingest' : 'read';
        claim(`${kind}:${keyId}`, policies[kind]);
        claim(`address:${subnet}`, policies.address);
      }
      return claims.length === 0 || cost === 0 ? unlimited : store.take(claims, cost);
    },
  };
}

/** Who holds an IPv6 address usually holds its whole /64, and could take a new one for every request. */
export function subnetOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const expanded = [...groups, ...new Array<string>(Math.max(0, missing)).fill('0')];
  return `${expanded
    .concat(tail ? tail.split(':') : [])
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

export type LimitHeaders = Record<'ratelimit-limit' | 'ratelimit-remaining' | 'ratelimit-reset', string>;

/** For doors that are no routes of this server, such as the SQL port; an empty key id is a failed log-in. */
export const limitByKey =
  (limiter: Limiter) =>
  async (keyId: string, address: string): Promise<{ allowed: boolean; headers: Record<string, string> }> => {
    const known = keyId === '' ? undefined : keyId;
    const verdict = await limiter.check({ role: 'user', keyGiven: true, keyId: known, address, cost: 1 });
    const wait = verdict.allowed ? {} : { 'retry-after': String(retryAfterSeconds(verdict)) };
    return { allowed: verdict.allowed, headers: { ...limitHeaders(verdict), ...wait } };
  };

const retryAfterSeconds = (verdict: LimitVerdict): number => Math.max(1, Math.ceil(verdict.resetMs / 1_000));

/** Undefined where no limit applies. */
export function limitHeaders(verdict: LimitVerdict): LimitHeaders | undefined {
  if (verdict.limit === 0) return undefined;
  return {
    'ratelimit-limit': String(verdict.limit),
    'ratelimit-remaining': String(verdict.remaining),
    'ratelimit-reset': String(Math.ceil(verdict.resetMs / 1_000)),
  };
}

/** Sets the headers that every answer carries, and refuses when the limit says so. */
export function applyVerdict(verdict: LimitVerdict, request: FastifyRequest, reply: FastifyReply): void {
  const headers = limitHeaders(verdict);
  if (headers !== undefined) reply.headers(headers);
  if (verdict.allowed) return;
  const seconds = retryAfterSeconds(verdict);
  request.log.debug({ address: request.ip, keyId: request.caller?.keyId }, 'over the limit');
  throw new ChronoscopeError('CHR_RATE_LIMITED', `Too many requests; try again in ${seconds} s.`, {
    retryAfterSeconds: seconds,
    details: { limit: verdict.limit, retryAfterSeconds: seconds },
  });
}
