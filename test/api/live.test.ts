import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { type Live, type LiveDeps, liveRoutes } from '../../src/api/http/live.ts';
import { type AppInstance, closeServer } from '../../src/api/http/server.ts';
import { groupByStream } from '../../src/api/ingest.ts';
import { createJobs, type Jobs } from '../../src/api/jobs.ts';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import type { EventLog } from '../../src/projections/ports.ts';
import { event } from '../support/events.ts';
import { as, openServer } from '../support/server.ts';

interface Opened {
  app: AppInstance;
  address: string;
  log: EventLog;
  jobs: Jobs;
  live: Live;
  take(...events: NewEvent[]): Promise<string>;
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(over: Partial<LiveDeps> = {}): Promise<Opened> {
  const log = createMemoryLog({ clock: Date.now });
  let ids = 0;
  const jobs = createJobs({ clock: Date.now, newId: () => `job-${++ids}` });
  const app = await openServer();
  const live = liveRoutes(app, {
    log,
    jobs,
    mayStay: () => true,
    onError: (error) => {
      throw error;
    },
    ...over,
  });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  cleanups.push(
    () => log.close(),
    () => closeServer(app, 2_000),
  );
  return {
    app,
    address,
    log,
    jobs,
    live,
    async take(...events) {
      const outcome = await log.append(groupByStream(events));
      return outcome.kind === 'appended' ? outcome.position : '';
    },
  };
}

interface Message {
  event?: string;
  id?: string;
  data?: string;
}

/** Reads server-sent events as a browser does. */
async function listen(opened: Opened, query = '', headers: Record<string, string> = {}) {
  const stop = new AbortController();
  cleanups.push(() => stop.abort());
  const response = await fetch(`${opened.address}/v1/live${query}`, {
    headers: { ...as('user@default'), ...headers },
    signal: stop.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  async function next(): Promise<Message | undefined> {
    for (;;) {
      const at = text.indexOf('\n\n');
      if (at === -1) {
        const part = await reader?.read();
        if (part === undefined || part.done) return undefined;
        text += part.value;
        continue;
      }
      const message: Message = {};
      for (const line of text.slice(0, at).split('\n')) {
        const [, name, value] = /^(event|id|data): ?(.*)$/.exec(line) ?? [];
        if (name !== undefined) message[name as keyof Message] = value ?? '';
      }
      text = text.slice(at + 2);
      if (message.data !== undefined) return message;
    }
  }
  return { response, next, stop: () => stop.abort() };
}

const titles = (message: Message | undefined): string => JSON.parse(message?.data ?? '{}').data?.message;
const say = (message: string, over = {}) => event('LogWritten', { ...over, data: { message } });
const clientsAre = (live: Live, count: number) =>
  expect.poll(() => live.clients(), { timeout: 5_000 }).toBe(count);

describe('GET /v1/live as server-sent events', () => {
  it('sends what comes, with the position as its id', async () => {
    const opened = await open();
    await opened.take(say('before'));
    const stream = await listen(opened);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('x-content-type-options')).toBe('nosniff');
    await clientsAre(opened.live, 1);
    const position = await opened.take(say('after'));
    const message = await stream.next();
    expect(message?.id).toBe(position);
    expect(JSON.parse(message?.data ?? '')).toMatchObject({
      type: 'LogWritten',
      project: 'default',
      position,
      data: { message: 'after' },
    });
  });

  it('goes on after the position that a browser names when it comes back', async () => {
    const opened = await open();
    const first = await opened.take(say('one'));
    await opened.take(say('two'), say('three'));
    const stream = await listen(opened, '?after=0', { 'last-event-id': first });
    expect(titles(await stream.next())).toBe('two');
    expect(titles(await stream.next())).toBe('three');
    await opened.take(say('four'));
    expect(titles(await stream.next())).toBe('four');
  });

  it('loses and repeats nothing between catching up and live, with many writers', async () => {
    const opened = await open();
    const total = 3_000;
    await opened.take(...Array.from({ length: total / 2 }, (_, n) => say(`m${n}`)));
    const stream = await listen(opened, '?after=0');
    const writing = (async () => {
      for (let n = total / 2; n < total; n += 10) {
        await opened.take(...Array.from({ length: 10 }, (_, i) => say(`m${n + i}`)));
      }
    })();
    const seen: string[] = [];
    while (seen.length < total) seen.push(titles(await stream.next()));
    await writing;
    expect(seen).toEqual(Array.from({ length: total }, (_, n) => `m${n}`));
  });

  it('keeps to the project of the key, to a service and to types', async () => {
    const opened = await open();
    await opened.take(
      say('elsewhere', { project: 'other' }),
      say('wrong service', { service: 'api' }),
      event('MetricRecorded'),
      say('right'),
      event('ErrorCaptured', { data: { message: 'right too' } }),
    );
    const stream = await listen(opened, '?after=0&service=bot&type=log,ErrorCaptured');
    expect(titles(await stream.next())).toBe('right');
    expect(titles(await stream.next())).toBe('right too');
  });

  it('refuses another project, an unknown type, a strange position and an unknown parameter', async () => {
    const opened = await open();
    const refused = async (query: string) => {
      const response = await fetch(`${opened.address}/v1/live${query}`, { headers: as('user@default') });
      return { status: response.status, body: (await response.json()) as { error: { message: string } } };
    };
    expect((await refused('?project=other')).status).toBe(403);
    expect((await refused('?type=reqest')).body.error.message).toContain('did you mean "request"?');
    expect((await refused('?after=nonsense')).status).toBe(400);
    expect((await refused('?servce=bot')).body.error.message).toContain('did you mean "service"?');
    expect((await fetch(`${opened.address}/v1/live`)).status).toBe(401);
    expect(opened.live.clients()).toBe(0);
  });

  it('tells the progress of jobs to those who may see them', async () => {
    const opened = await open();
    const admin = await listen(opened, '', as('admin@*'));
    const user = await listen(opened);
    await clientsAre(opened.live, 2);
    opened.jobs.start({ kind: 'rebuild', project: '*', role: 'admin' }, async ({ progress }) => {
      progress({ eventsRead: 5 });
      return 'done';
    });
    const states: unknown[] = [];
    while (states.at(-1) !== 'succeeded') {
      const message = await admin.next();
      expect(message?.event).toBe('job');
      states.push(JSON.parse(message?.data ?? '').state);
    }
    expect(states).toEqual(['queued', 'running', 'running', 'succeeded']);
    await opened.take(say('for all'));
    expect(titles(await user.next())).toBe('for all');
  });

  it('drops a client that takes nothing, and goes on for the others', async () => {
    const opened = await open({ timing: { stallMs: 300, pendingBytes: 64 * 1024 } });
    const quick = await listen(opened, '?type=error');
    const slow = connect(Number(new URL(opened.address).port), '127.0.0.1');
    cleanups.push(() => slow.destroy());
    slow.on('error', () => undefined);
    const closed = new Promise((resolve) => slow.once('close', resolve));
    slow.write('GET /v1/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer user@default\r\n\r\n');
    slow.pause();
    await clientsAre(opened.live, 2);
    const text = 'x'.repeat(30_000);
    for (let n = 0; n < 60 && opened.live.clients() === 2; n++) {
      await opened.take(...Array.from({ length: 20 }, () => say(text)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await clientsAre(opened.live, 1);
    await opened.take(event('ErrorCaptured', { data: { message: 'still here' } }));
    expect(titles(await quick.next())).toBe('still here');
    slow.resume();
    await closed;
  });

  it('ends the stream of a key that was revoked', async () => {
    let good = true;
    const opened = await open({ mayStay: () => good, timing: { beatMs: 20 } });
    const stream = await listen(opened);
    await clientsAre(opened.live, 1);
    good = false;
    const message = await stream.next();
    expect(message).toMatchObject({ event: 'end' });
    expect(JSON.parse(message?.data ?? '')).toMatchObject({ reason: 'key revoked' });
    expect(await stream.next()).toBeUndefined();
  });

  it('says goodbye at shutdown, which does not wait for listeners', async () => {
    const opened = await open();
    const stream = await listen(opened);
    await clientsAre(opened.live, 1);
    const closing = closeServer(opened.app, 10_000);
    expect(JSON.parse((await stream.next())?.data ?? '')).toMatchObject({ reason: 'shutdown' });
    await closing;
    expect(opened.live.clients()).toBe(0);
  });

  it('takes no more clients than it has places', async () => {
    const opened = await open({ maxClients: 1 });
    const first = await listen(opened);
    await clientsAre(opened.live, 1);
    expect((await listen(opened)).response.status).toBe(429);
    first.stop();
    await clientsAre(opened.live, 0);
    expect((await listen(opened)).response.status).toBe(200);
  });
});

interface Client {
  on(name: string, listener: (...args: never[]) => void): void;
  once(name: string, listener: (...args: never[]) => void): void;
  terminate(): void;
  pause(): void;
}
const throughPlugin = createRequire(createRequire(import.meta.url).resolve('@fastify/websocket'));
const WebSocketClient = throughPlugin('ws') as new (
  url: string,
  options: { headers: Record<string, string> },
) => Client;

function socketTo(opened: Opened, query = '', headers: Record<string, string> = as('user@default')) {
  const socket = new WebSocketClient(`${opened.address.replace('http', 'ws')}/v1/live${query}`, { headers });
  cleanups.push(() => socket.terminate());
  const frames: string[] = [];
  let wake = () => {};
  socket.on('message', (data: unknown) => {
    frames.push(String(data));
    wake();
  });
  const ended = new Promise<string>((resolve) => {
    socket.once('close', (code: number, reason: unknown) => resolve(`${code} ${reason}`));
    socket.once('error', (error: Error) => resolve(error.message));
  });
  return {
    socket,
    ended,
    async next() {
      while (frames.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return JSON.parse(frames.shift() ?? '');
    },
  };
}

describe('GET /v1/live over a WebSocket', () => {
  it('sends what comes and resumes from a position', async () => {
    const opened = await open();
    const first = await opened.take(say('one'));
    await opened.take(say('two'), say('hidden', { project: 'other' }));
    const client = socketTo(opened, `?after=${first}`);
    expect(await client.next()).toMatchObject({ kind: 'event', event: { data: { message: 'two' } } });
    await opened.take(say('three'));
    expect(await client.next()).toMatchObject({ kind: 'event', event: { data: { message: 'three' } } });
  });

  it('refuses before the upgrade: no key, another project, a page of another site', async () => {
    const opened = await open();
    expect(await socketTo(opened, '', {}).ended).toContain('401');
    expect(await socketTo(opened, '?project=other').ended).toContain('403');
    expect(await socketTo(opened, '?after=x').ended).toContain('400');
    const basic = `Basic ${Buffer.from('me:user@default').toString('base64')}`;
    const foreign = { authorization: basic, origin: 'https://evil.example' };
    expect(await socketTo(opened, '', foreign).ended).toContain('401');
    expect(opened.live.clients()).toBe(0);
  });

  it('lets go of sockets whose upgrade was refused, on this route and on others', async () => {
    const opened = await open();
    for (const path of ['/v1/live', '/docs/json', '/nowhere']) {
      const socket = connect(Number(new URL(opened.address).port), '127.0.0.1');
      cleanups.push(() => socket.destroy());
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.resume();
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
      );
      await closed;
    }
  });

  it('takes the key by Basic, as browsers send it', async () => {
    const opened = await open();
    const basic = `Basic ${Buffer.from('me:user@default').toString('base64')}`;
    await opened.take(say('hello'));
    const client = socketTo(opened, '?after=0', { authorization: basic });
    expect(await client.next()).toMatchObject({ event: { data: { message: 'hello' } } });
  });

  it('says goodbye at shutdown with its own close code', async () => {
    const opened = await open();
    const client = socketTo(opened);
    await clientsAre(opened.live, 1);
    const closing = closeServer(opened.app, 10_000);
    expect(await client.next()).toMatchObject({ kind: 'end', reason: 'shutdown' });
    expect(await client.ended).toBe('1001 shutdown');
    await closing;
  });

  it('drops a client that takes nothing', async () => {
    const opened = await open({ timing: { stallMs: 300, pendingBytes: 64 * 1024 } });
    const client = socketTo(opened);
    await clientsAre(opened.live, 1);
    client.socket.pause();
    const text = 'x'.repeat(30_000);
    for (let n = 0; n < 60 && opened.live.clients() === 1; n++) {
      await opened.take(...Array.from({ length: 20 }, () => say(text)));
    }
    await clientsAre(opened.live, 0);
  });

  it('lets go of a client that no longer answers', async () => {
    const opened = await open({ timing: { beatMs: 50 } });
    const client = socketTo(opened);
    await clientsAre(opened.live, 1);
    client.socket.pause();
    await clientsAre(opened.live, 0);
  });
});
