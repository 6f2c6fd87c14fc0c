import websocket from '@fastify/websocket';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ChronoscopeError } from '../../domain/errors.ts';
import { type EventType, eventTypes } from '../../domain/events/catalogue.ts';
import { kinds } from '../../domain/native/kinds.ts';
import { nearest } from '../../domain/nearest.ts';
import type { Position } from '../../domain/position.ts';
import type { EventLog } from '../../projections/ports.ts';
import type { Jobs } from '../jobs.ts';
import { type LiveFeed, openLiveFeed } from '../liveFeed.ts';
import type { Caller } from '../ports.ts';
import { callerOf, projectFor } from './auth.ts';
import { maySee } from './jobs.ts';
import {
  type EndReason,
  jobText,
  type LiveTiming,
  type LiveTransport,
  liveTiming,
  serveLive,
} from './liveClient.ts';
import { eventStream, type Socket, webSocket } from './liveTransports.ts';
import { strictQuery } from './reads/query.ts';
import { badParameter } from './reads/select.ts';
import type { AppInstance } from './server.ts';

export interface LiveDeps {
  log: Pick<EventLog, 'head' | 'read' | 'subscribe' | 'compare' | 'parsePosition'>;
  jobs: Pick<Jobs, 'onChange' | 'list'>;
  /** False once a caller's key is no longer good; asked now and then while it listens. */
  mayStay: (caller: Caller) => boolean;
  onError: (error: unknown) => void;
  maxClients?: number;
  timing?: Partial<LiveTiming>;
}

export interface Live {
  clients(): number;
}

const query = strictQuery({
  project: z.string().min(1).max(200).optional(),
  service: z.string().min(1).max(200).describe('Only of this service').optional(),
  type: z
    .string()
    .max(500)
    .describe('Only of these types, with commas between them: `request,error`, or `RequestCompleted`')
    .optional(),
  after: z
    .string()
    .min(1)
    .max(200)
    .describe('Begins after this position; default: with what comes next')
    .optional(),
});

interface Asked {
  project: string;
  service: string | undefined;
  types: EventType[] | undefined;
  after: Position | undefined;
}

/** `GET /v1/live`, as server-sent events or, when the client asks to upgrade, over a WebSocket. */
export function liveRoutes(app: AppInstance, deps: LiveDeps): Live {
  const room = createRoom(deps);
  app.addHook('preClose', () => room.close());
  app.addHook('onResponse', (request, _reply, done) => {
    // A refused upgrade, wherever to, leaves a socket that the server no longer counts as its own.
    if (request.raw.headers.upgrade !== undefined && !request.ws) request.raw.socket.destroySoon();
    done();
  });
  void app.register(async (scope) => {
    await scope.register(websocket, { options: { maxPayload: 1_024, perMessageDeflate: false } });
    (scope as AppInstance).route({
      method: 'GET',
      url: '/v1/live',
      exposeHeadRoute: false,
      config: { role: 'user' },
      schema: {
        tags: ['reading'],
        summary: 'New events, alerts among them, and the progress of jobs, as they come',
        description:
          'Server-sent events, or a WebSocket. A lost connection goes on where it ended by `Last-Event-ID` or `after`. ' +
          'A client that takes nothing for ten seconds while much waits for it is told so and dropped.',
        querystring: query,
        produces: ['text/event-stream'],
      },
      // Refusals must come before the upgrade: there is no status code after it.
      preHandler: async (request) => {
        room.refuseWhenFull();
        ask(deps, request);
      },
      handler: async (request, reply) => {
        const asked = ask(deps, request);
        reply.hijack();
        const { raw } = reply;
        raw.writeHead(200, {
          ...(reply.getHeaders() as Record<string, string>),
          'content-type': 'text/event-stream; charset=utf-8',
          'x-accel-buffering': 'no',
          connection: 'close',
        });
        raw.write('retry: 2000\n\n');
        await room.serve(callerOf(request), asked, eventStream(raw), (gone) => {
          raw.on('close', gone);
          if (raw.destroyed) gone();
        });
      },
      wsHandler: (socket: Socket, request) => {
        const asked = ask(deps, request as FastifyRequest);
        return room.serve(callerOf(request as FastifyRequest), asked, webSocket(socket), (gone) =>
          socket.on('close', gone),
        );
      },
    });
  });
  return { clients: () => room.clients() };
}

function ask({ log }: LiveDeps, request: FastifyRequest): Asked {
  const { project, service, type, after } = request.query as z.infer<typeof query>;
  // A browser that reconnects repeats the address as it was, and says in this header how far it came.
  const last = request.headers['last-event-id'];
  const from = typeof last === 'string' && last !== '' ? last : after;
  const position = from === undefined ? undefined : log.parsePosition(from);
  if (from !== undefined && position === undefined) {
    throw badParameter({ parameter: 'after', message: 'this is no position of this log' });
  }
  return {
    project: projectFor(callerOf(request), project),
    service,
    types: type?.split(',').map(typeOf),
    after: position,
  };
}

function typeOf(name: string): EventType {
  const known = eventTypes.find((type) => type === name);
  if (known !== undefined) return known;
  const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof typeof kinds] : undefined;
  if (kind !== undefined) return kind.type;
  const allowed = [...Object.keys(kinds), ...eventTypes];
  const near = nearest(name, allowed);
  const hint = near === undefined ? `allowed are ${allowed.join(', ')}` : `did you mean "${near}"?`;
  throw badParameter({ parameter: 'type', message: `"${name.slice(0, 40)}" is no type of event: ${hint}` });
}

/** All clients together: how many, their one feed, and how they are sent home. */
function createRoom(deps: LiveDeps) {
  const { log, jobs, maxClients = 200 } = deps;
  const timing = { ...liveTiming, ...deps.timing };
  const present = new Set<(reason: EndReason) => void>();
  const goodbyes = new Set<Promise<void>>();
  let feed: Promise<LiveFeed> | undefined;
  let closed = false;

  /** The log is followed only while somebody listens. */
  async function closeUnused(): Promise<void> {
    if (present.size > 0 || feed === undefined) return;
    const unused = feed;
    feed = undefined;
    await unused.then((opened) => opened.close(), deps.onError);
  }

  async function attend(
    caller: Caller,
    asked: Asked,
    transport: LiveTransport,
    onGone: (gone: () => void) => void,
  ): Promise<void> {
    const stop = new AbortController();
    let reason: EndReason | undefined;
    const leave = (why: EndReason): void => {
      reason ??= why;
      stop.abort();
    };
    onGone(() => stop.abort());
    if (closed) leave('shutdown');
    present.add(leave);
    const unhear = jobs.onChange((job) => {
      if (maySee(caller, job) && transport.pending() <= timing.pendingBytes) transport.job(jobText(job));
    });
    let position = asked.after;
    try {
      const after = asked.after ?? (await log.head());
      feed ??= openLiveFeed({ log, onError: deps.onError });
      ({ position } = await serveLive({
        feed: await feed,
        transport,
        filter: asked,
        timing,
        after,
        mayStay: () => deps.mayStay(caller),
        signal: stop.signal,
        leave,
      }));
    } catch (error) {
      deps.onError(error);
      reason ??= 'failed';
    } finally {
      unhear();
      present.delete(leave);
      if (reason !== undefined) transport.end(reason, position);
      await closeUnused();
    }
  }

  return {
    clients: () => present.size,
    refuseWhenFull() {
      if (closed)
        throw new ChronoscopeError('CHR_SHUTTING_DOWN', 'The engine is stopping.', { retryAfterSeconds: 1 });
      if (present.size < maxClients) return;
      const message = `${maxClients} clients listen already.`;
      throw new ChronoscopeError('CHR_RATE_LIMITED', message, {
        details: { maxClients },
        retryAfterSeconds: 10,
      });
    },
    async serve(...client: Parameters<typeof attend>): Promise<void> {
      const goodbye = attend(...client);
      goodbyes.add(goodbye);
      await goodbye.finally(() => goodbyes.delete(goodbye));
    },
    async close(): Promise<void> {
      closed = true;
      for (const leave of [...present]) leave('shutdown');
      await Promise.all(goodbyes);
    },
  };
}
