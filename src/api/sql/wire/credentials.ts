import { refuse } from '../errors.ts';
import type { Incoming } from './request.ts';

export interface Credentials {
  user: string;
  key: string;
}

/** Every way in which a client of ClickHouse says who it is, and the bearer of our other doors. */
export function credentials(incoming: Incoming): Credentials | undefined {
  const { headers, url } = incoming;
  const headerKey = headers['x-clickhouse-key'];
  const headerUser = headers['x-clickhouse-user'];
  const authorization = headers.authorization ?? '';
  const inHeaders = typeof headerKey === 'string' || typeof headerUser === 'string';
  const inUrl = url.searchParams.has('user') || url.searchParams.has('password');
  const ways = [inHeaders, authorization !== '', inUrl].filter(Boolean).length;
  if (ways > 1) {
    throw refuse(
      'AUTHENTICATION_FAILED',
      'Invalid authentication: it is not allowed to use X-ClickHouse headers, the Authorization header and ' +
        'authentication via parameters simultaneously',
    );
  }
  if (inHeaders) return { user: text(headerUser), key: text(headerKey) };
  if (inUrl) {
    return { user: url.searchParams.get('user') ?? '', key: url.searchParams.get('password') ?? '' };
  }
  return authorization === '' ? undefined : fromAuthorization(authorization);
}

const text = (header: string | string[] | undefined): string => (typeof header === 'string' ? header : '');

function fromAuthorization(header: string): Credentials {
  const [scheme = '', rest = ''] = header.trim().split(/\s+/, 2);
  if (scheme.toLowerCase() === 'bearer') return { user: '', key: rest };
  if (scheme.toLowerCase() !== 'basic') {
    throw refuse(
      'AUTHENTICATION_FAILED',
      `Invalid authentication: '${scheme.slice(0, 20)}' HTTP Authorization scheme is not supported`,
    );
  }
  const pair = Buffer.from(rest, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1 ? { user: pair, key: '' } : { user: pair.slice(0, colon), key: pair.slice(colon + 1) };
}
