import type { FastifyRequest } from 'fastify';
import { ChronoscopeError } from '../../domain/errors.ts';
import { type Role, roles } from '../../domain/events/catalogue.ts';
import type { Caller } from '../ports.ts';

export type RouteRole = 'open' | Role;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The least role that may call the route. A route without one stops the start. */
    role: RouteRole;
    /** What one call takes from the caller's limits; 1 when absent, 0 to count nothing. */
    cost?: number;
    /** Where a sender that cannot set `Authorization` puts its key. */
    findKey?: (request: FastifyRequest) => string | undefined;
  }
  interface FastifyRequest {
    /** Absent on open routes that were called without a valid key. */
    caller: Caller | undefined;
  }
}

const defaultProject = 'default';
const everyProject = '*';

/** Higher roles can do all that lower ones can; their order in the catalogue is their rank. */
export const hasRole = (caller: Caller, needed: Role): boolean =>
  roles.indexOf(caller.role) >= roles.indexOf(needed);

/** For handlers of routes that are not open: there the caller is known. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw unauthenticated();
  return request.caller;
}

/** The one project that a request is about. A key bound to a project reaches no other. */
export function projectFor(caller: Caller, requested: string | undefined): string {
  if (caller.project === everyProject) return requested ?? defaultProject;
  if (requested === undefined || requested === caller.project) return caller.project;
  throw new ChronoscopeError('CHR_FORBIDDEN', `This key belongs to the project "${caller.project}".`, {
    details: { project: caller.project, requested },
  });
}

export const unauthenticated = (): ChronoscopeError =>
  new ChronoscopeError('CHR_UNAUTHENTICATED', 'A valid key is needed.');

export const tooSmallRole = (caller: Caller, needed: Role): ChronoscopeError =>
  new ChronoscopeError('CHR_FORBIDDEN', `This needs the role ${needed}; the key has ${caller.role}.`, {
    details: { needed, role: caller.role },
  });

/** The key as the sender gave it, unverified. */
export function findKey(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  const found = header === undefined ? undefined : (bearerKey(header) ?? basicKey(request, header));
  return found ?? request.routeOptions.config.findKey?.(request);
}

// Longer than any key that we issue; what is longer is not worth a hash.
const maxKeyLength = 512;

function bearerKey(header: string): string | undefined {
  if (header.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  const key = header.slice(7).trim();
  return key.length > 0 && key.length <= maxKeyLength ? key : undefined;
}

/** Browsers, Prometheus and Alertmanager send HTTP Basic: any user name, the key as password. */
function basicKey(request: FastifyRequest, header: string): string | undefined {
  if (header.length > 2 * maxKeyLength || header.slice(0, 6).toLowerCase() !== 'basic ') return undefined;
  if (isForeignPage(request)) return undefined;
  const decoded = Buffer.from(header.slice(6), 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : decoded.slice(colon + 1) || undefined;
}

/**
 * A browser repeats Basic credentials on requests that other sites make it send. Following a link from
 * elsewhere is harmless; changing something or opening a socket from elsewhere is not.
 */
function isForeignPage(request: FastifyRequest): boolean {
  const harmless = (request.method === 'GET' || request.method === 'HEAD') && !request.headers.upgrade;
  if (harmless) return false;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const { origin, host } = request.headers;
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
}

/** Only pages that people open ask the browser for a password: on others its dialogue would be in the way. */
export const challengeFor = (request: FastifyRequest): string =>
  request.headers.accept?.includes('text/html') || isForBrowsers(request.url)
    ? 'Basic realm="Chronoscope: any name, the key as password", charset="UTF-8"'
    : 'Bearer realm="Chronoscope"';

const isForBrowsers = (url: string): boolean => /^\/(docs|openapi\.json|metrics)(?:[/?]|$)/.test(url);
