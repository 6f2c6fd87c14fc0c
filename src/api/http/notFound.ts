import type { FastifyReply, FastifyRequest } from 'fastify';
import { ChronoscopeError } from '../../domain/errors.ts';
import { pathOf } from './errors.ts';

/** Remembers what is routed, to tell "no such address" from "not with this method". */
export function createRouteMap(): {
  add(url: string, methods: readonly string[]): void;
  refuse(request: FastifyRequest, reply: FastifyReply): never;
} {
  const routes: { segments: readonly string[]; methods: readonly string[] }[] = [];
  const allowedAt = (path: string): string[] => {
    const segments = path.split('/');
    const matching = routes.filter((route) => matches(route.segments, segments));
    return [...new Set(matching.flatMap((route) => route.methods))].sort();
  };
  return {
    add: (url, methods) => void routes.push({ segments: url.split('/'), methods }),
    refuse(request, reply) {
      const allowed = allowedAt(pathOf(request));
      if (allowed.length === 0) throw new ChronoscopeError('CHR_NOT_FOUND', 'Nothing is at this address.');
      reply.header('allow', allowed.join(', '));
      const message = `${request.method} is not allowed here, ${allowed.join(', ')} is.`;
      throw new ChronoscopeError('CHR_METHOD_NOT_ALLOWED', message, { details: { allowed } });
    },
  };
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  for (const [index, part] of pattern.entries()) {
    if (part === '*') return true;
    const segment = segments[index];
    if (segment === undefined) return false;
    if (part.startsWith(':') ? segment === '' : part !== segment) return false;
  }
  return pattern.length === segments.length;
}
