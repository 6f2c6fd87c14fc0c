import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RawServerDefault,
} from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { ChronoscopeError } from '../../domain/errors.ts';
import type { LimitVerdict } from '../../domain/limits.ts';
import type { Authenticate } from '../ports.ts';
import { findKey, hasRole, tooSmallRole, unauthenticated } from './auth.ts';
import { handleClientError, handleError, pathOf } from './errors.ts';
import { applyVerdict, type Limiter } from './limits.ts';
import { createRouteMap } from './notFound.ts';
import { describeApi, isDocsRoute } from './openapi.ts';

/** What a route file gets: `export function xRoutes(app: AppInstance, deps: XDeps): void`. */
export type AppInstance = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

interface ServerSettings {
  bodyLimitBytes: number;
  /** For a whole request to arrive; slow senders cannot hold a connection longer. */
  requestTimeoutMs: number;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  trustProxy: readonly string[];
}

export interface ServerDeps {
  settings: ServerSettings;
  logger: FastifyBaseLogger;
  version: string;
  authenticate: Authenticate;
  limiter: Limiter;
}

/** Routes are added to what it resolves to, then `listen`; end it with `closeServer`. */
export async function createServer(deps: ServerDeps): Promise<AppInstance> {
  const app: AppInstance = fastify({
    ...fastifyOptions(deps),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
  }).withTypeProvider<ZodTypeProvider>();
  app.server.headersTimeout = Math.min(10_000, deps.settings.requestTimeoutMs);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleError);
  app.decorateRequest('caller', undefined);
  guardRoutes(app, deps);
  await describeApi(app, deps.version);
  return app;
}

const fastifyOptions = ({ settings, logger }: ServerDeps) => ({
  loggerInstance: logger,
  bodyLimit: settings.bodyLimitBytes,
  requestTimeout: settings.requestTimeoutMs,
  http: { connectionsCheckingInterval: Math.min(5_000, settings.requestTimeoutMs) },
  keepAliveTimeout: 65_000,
  trustProxy: settings.trustProxy.length === 0 ? false : [...settings.trustProxy],
  requestIdHeader: false as const,
  genReqId,
  // A stop is answered in our own words, and /health goes on answering through it.
  return503OnClosing: false,
  routerOptions: { maxParamLength: 500 },
  // A broken address reaches no route and no hook.
  frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    void handleError(error, request, reply.headers(securityHeaders).header('x-request-id', request.id)),
  clientErrorHandler: handleClientError,
});

const saneRequestId = /^[\w.:/+=-]{1,128}$/;

function genReqId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && saneRequestId.test(given) ? given : randomUUID();
}

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

/** One guard for every route: role, key, limits, headers. A route cannot be added around it. */
function guardRoutes(app: AppInstance, deps: ServerDeps): void {
  const routes = createRouteMap();
  let closing = false;
  app.addHook('onRoute', (route) => {
    if (isDocsRoute(route.url)) route.config = { ...route.config, role: 'user' };
    if (route.config?.role === undefined) {
      throw new Error(`The route ${route.method} ${route.url} declares no role.`);
    }
    routes.add(route.url, [route.method].flat());
  });
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(securityHeaders).header('x-request-id', request.id);
    if (closing && request.routeOptions.url !== '/health') {
      const options = { retryAfterSeconds: 1 };
      return done(new ChronoscopeError('CHR_SHUTTING_DOWN', 'The engine is stopping.', options));
    }
    return guard(deps, request, reply, done);
  });
  app.setNotFoundHandler((request, reply) => routes.refuse(request, reply));
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const { statusCode: status, elapsedTime: ms } = reply;
    request.log.debug({ method, path: pathOf(request), status, ms }, 'answered');
    done();
  });
}

/** Limits come before the refusal of a bad key, so that guessing keys runs into them. */
function guard(
  deps: ServerDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  // Where nothing is routed there is no config: such requests count like open ones and get their 404.
  const { role = 'open', cost = 1 } = request.is404 ? {} : request.routeOptions.config;
  const key = findKey(request);
  request.caller = key === undefined ? undefined : deps.authenticate(key);
  const { caller } = request;
  const finish = (verdict: LimitVerdict): void => {
    applyVerdict(verdict, request, reply);
    if (role === 'open') return;
    if (caller === undefined) throw unauthenticated();
    if (!hasRole(caller, role)) throw tooSmallRole(caller, role);
  };
  const verdict = deps.limiter.check({
    role,
    keyGiven: key !== undefined,
    keyId: caller?.keyId,
    address: request.ip,
    cost,
  });
  if (verdict instanceof Promise) {
    verdict.then(finish).then(() => done(), done);
    return;
  }
  try {
    finish(verdict);
  } catch (error) {
    done(error as Error);
    return;
  }
  done();
}

/** Stops accepting, lets requests in flight end, and after `withinMs` cuts those that do not. */
export async function closeServer(app: AppInstance, withinMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), withinMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
