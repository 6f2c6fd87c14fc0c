import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './answer.ts';
import { refuse, SqlError } from './errors.ts';
import { type Prepare, statementGuard } from './guard/prepare.ts';
import { defaultLimits, type SqlServer, type SqlServerDeps } from './ports.ts';
import { createShadows } from './shadows.ts';
import { Turns } from './turns.ts';
import { type Incoming, incoming } from './wire/request.ts';
import { type Envelope, type PlainAnswer, sendError, sendText } from './wire/respond.ts';

const health: ReadonlySet<string> = new Set(['/ping', '/replicas_status']);

const help =
  'Use / or /ping for health checks.\nSend queries from your program with POST method or GET /?query=...\n';

/** ClickHouse's HTTP interface before the embedded engine: read only, guarded, limited. */
export function createSqlServer(deps: SqlServerDeps): SqlServer {
  const turns = new Turns(deps.concurrency ?? { atWork: 2, waiting: 32, waitMs: 10_000 });
  const limits = deps.limits ?? defaultLimits;
  let prepare: Prepare | undefined;
  const stopping = new AbortController();

  async function query(from: Incoming, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const envelope: Envelope = {
      facts: deps.engine.facts,
      queryId: from.queryId,
      isHead: from.method === 'HEAD',
      extra: {},
    };
    try {
      if (prepare === undefined) throw refuse('ABORTED', 'The engine is starting');
      await answer({
        deps,
        limits,
        turns,
        prepare,
        from,
        request,
        response,
        envelope,
        stopping: stopping.signal,
      });
    } catch (error) {
      if (!(error instanceof SqlError))
        deps.log?.warn({ err: error, queryId: from.queryId }, 'sql request failed');
      sendError(
        response,
        error instanceof SqlError ? error : refuse('STD_EXCEPTION', 'Internal error'),
        envelope,
      );
    }
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const from = incoming(request);
    const text = from === undefined ? badRequest : withoutEngine(from);
    if (text !== undefined) sendText(response, text, request.method === 'HEAD');
    else if (from !== undefined) void query(from, request, response);
  }

  const server = createServer(
    { maxHeaderSize: 256 * 1024, keepAliveTimeout: 30_000, requestTimeout: 60_000 },
    handle,
  );
  // A reader that takes nothing for so long is gone; its answer must not stay on the disk.
  server.setTimeout(120_000);

  return {
    async listen(port, host) {
      await createShadows(deps.engine, deps.allowed);
      prepare = await statementGuard(deps.engine, deps.allowed);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
      return { port: (server.address() as AddressInfo).port };
    },
    async close() {
      // What is at work is cancelled, and its client told so; answers on their way may still arrive.
      stopping.abort();
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const last = setTimeout(() => server.closeAllConnections(), deps.drainMs ?? 3_000);
      await closed;
      clearInterval(idle);
      clearTimeout(last);
    },
  };
}

const badRequest: PlainAnswer = { status: 400, text: 'Bad request\n' };
const ok: PlainAnswer = { status: 200, text: 'Ok.\n' };

/** What needs neither a key nor the engine. */
function withoutEngine({ method, url }: Incoming): PlainAnswer | undefined {
  if (!['GET', 'HEAD', 'POST'].includes(method)) {
    return { status: 405, text: 'Use GET, HEAD or POST\n', headers: { Allow: 'GET, HEAD, POST' } };
  }
  const path = url.pathname;
  if (health.has(path)) return ok;
  if (path !== '/' && path !== '/query') {
    return { status: 404, text: `There is no handle ${path.slice(0, 200)}\n\n${help}` };
  }
  return method !== 'POST' && !url.searchParams.has('query') ? ok : undefined;
}
