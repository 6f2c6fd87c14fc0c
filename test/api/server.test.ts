import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { LightMyRequestResponse } from 'fastify';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type AppInstance, closeServer } from '../../src/api/http/server.ts';
import { ChronoscopeError } from '../../src/domain/errors.ts';
import { LogUnavailableError } from '../../src/projections/ports.ts';
import { as, openServer } from '../support/server.ts';

const user = { role: 'user' } as const;
const open = { role: 'open' } as const;
const json = { 'content-type': 'application/json' };

describe('every failure has the one body', () => {
  let app: AppInstance;
  const lines: Record<string, unknown>[] = [];

  beforeEach(async () => {
    lines.length = 0;
    const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    app = await openServer({ logger });
    const body = z.strictObject({
      name: z.string(),
      deep: z.object({ list: z.array(z.number()) }).optional(),
    });
    const querystring = z.object({ window: z.enum(['5m', '1h']).default('1h') });
    app.post('/things', { config: user, schema: { body } }, () => ({}));
    app.get('/things/:id', { config: user, schema: { querystring } }, ({ query }) => query);
    app.get('/boom', { config: open }, () => {
      throw new Error('the database password is hunter2');
    });
    app.get(
      '/bad-answer',
      { config: open, schema: { response: { 200: z.object({ n: z.number() }) } } },
      () => ({ n: 'hunter2' }) as never,
    );
    app.get('/full', { config: open }, () => {
      throw new LogUnavailableError('disk_full', 'no space on /dev/sda1');
    });
    app.get('/slow', { config: open, handlerTimeout: 5 }, () => new Promise(() => {}));
    app.get('/later', { config: open }, () => {
      throw new ChronoscopeError('CHR_READ_STORE_UNAVAILABLE', 'Away.', { retryAfterSeconds: 7 });
    });
  });
  afterEach(() => app.close());

  const refusal = (answer: LightMyRequestResponse) => [answer.statusCode, answer.json().error.code];
  const send = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: string, headers = json) =>
    app.inject({
      method,
      url,
      headers: { ...as('user@*'), ...(payload === undefined ? {} : headers) },
      ...(payload === undefined ? {} : { payload }),
    });

  test.each([
    ['an unknown address', 'GET', '/nothing?key=1', undefined, 404, 'CHR_NOT_FOUND'],
    ['a wrong method', 'DELETE', '/things/1', undefined, 405, 'CHR_METHOD_NOT_ALLOWED'],
    ['a broken address', 'GET', '/%zz', undefined, 400, 'CHR_INVALID_REQUEST'],
    ['a name that is too long', 'GET', `/things/${'x'.repeat(600)}`, undefined, 414, 'CHR_URL_TOO_LONG'],
    ['broken JSON', 'POST', '/things', '{"name":', 400, 'CHR_INVALID_JSON'],
    ['JSON that reaches for prototypes', 'POST', '/things', '{"__proto__":{}}', 400, 'CHR_INVALID_JSON'],
    ['no body where one is needed', 'POST', '/things', '', 400, 'CHR_INVALID_JSON'],
    ['a wrong body', 'POST', '/things', '{"name":1}', 400, 'CHR_INVALID_REQUEST'],
    ['a wrong parameter', 'GET', '/things/1?window=2y', undefined, 400, 'CHR_INVALID_REQUEST'],
    ['too large a body', 'POST', '/things', `"${'x'.repeat(2_000)}"`, 413, 'CHR_BODY_TOO_LARGE'],
    ['a thrown unknown', 'GET', '/boom', undefined, 500, 'CHR_INTERNAL'],
    ['an answer that breaks its schema', 'GET', '/bad-answer', undefined, 500, 'CHR_INTERNAL'],
    ['a log that is full', 'GET', '/full', undefined, 503, 'CHR_LOG_UNAVAILABLE'],
    ['a handler that hangs', 'GET', '/slow', undefined, 503, 'CHR_HANDLER_TIMEOUT'],
  ] as const)('%s', async (_, method, url, payload, status, code) => {
    const answer = await send(method, url, payload);
    expect(refusal(answer)).toEqual([status, code]);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    const { error, ...rest } = answer.json();
    expect(rest).toEqual({});
    expect(Object.keys(error).filter((name) => !['code', 'message', 'details'].includes(name))).toEqual([]);
    expect(error.message).toBeTypeOf('string');
    expect(answer.body).not.toMatch(/hunter2|sda1|node_modules|at .*\.ts/);
  });

  test('an unsupported media type', async () => {
    const answer = await send('POST', '/things', '<a/>', { 'content-type': 'application/xml' });
    expect(refusal(answer)).toEqual([415, 'CHR_UNSUPPORTED_MEDIA_TYPE']);
  });

  test('details name each fault of a body with its path', async () => {
    const answer = await send('POST', '/things', '{"deep":{"list":[1,"x"]},"more":1}');
    const paths = answer
      .json()
      .error.details.map((detail: { in: string; path: string }) => [detail.in, detail.path]);
    expect(paths).toEqual([
      ['body', 'name'],
      ['body', 'deep.list.1'],
      ['body', ''],
    ]);
  });

  test('405 names what is allowed', async () => {
    expect((await send('DELETE', '/things/1')).headers.allow).toBe('GET, HEAD');
  });

  test('a fault of ours can be found in the log under the id of the answer, and the log has no query', async () => {
    const { details } = (await send('GET', '/boom?sentry_key=abc')).json().error;
    const line = lines.find((one) => one.msg === 'request failed');
    expect(line).toMatchObject({ requestId: details.requestId, path: '/boom' });
    expect(line?.err).toMatchObject({ message: 'the database password is hunter2' });
    expect(JSON.stringify(lines)).not.toContain('sentry_key');
  });

  test('what is worth another try says when', async () => {
    expect((await send('GET', '/later')).headers['retry-after']).toBe('7');
    expect((await send('GET', '/full')).headers['retry-after']).toBe('5');
  });

  test('a sane request id is kept, a strange one replaced', async () => {
    const idOf = async (given: string) =>
      (await app.inject({ url: '/later', headers: { 'x-request-id': given } })).headers['x-request-id'];
    expect(await idOf('trace-1.2:3')).toBe('trace-1.2:3');
    expect(await idOf('x"}\u0000{')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idOf('y'.repeat(200))).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('every answer carries the security headers, errors and pages that are not there included', async () => {
    for (const url of ['/things/1', '/boom', '/nothing', '/%zz', '/docs']) {
      const { headers } = await send('GET', url);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['x-request-id']).toBeDefined();
    }
  });
});

test('a route without a role stops the start', async () => {
  const app = await openServer();
  expect(() => app.get('/forgotten', () => 1)).toThrow('GET /forgotten declares no role');
  await app.close();
});

describe('the description of the API', () => {
  test('has every route with its role, its keys and its errors', async () => {
    const app = await openServer();
    app.get('/v1/open', { config: open, schema: { summary: 'Open' } }, () => 1);
    const response = { 200: z.object({ n: z.number().meta({ example: 5 }) }) };
    app.post('/v1/things/:id', { config: user, schema: { description: 'Makes one.', response } }, () => ({
      n: 1,
    }));
    const answer = await app.inject({ url: '/openapi.json', headers: as('user@*') });
    const { openapi, paths, components } = answer.json();
    expect(openapi).toBe('3.1.0');
    expect(paths['/v1/open'].get.security).toEqual([]);
    const { post } = paths['/v1/things/{id}'];
    expect(post.security).toEqual([{ bearer: [] }, { basic: [] }]);
    expect(post.description).toBe('Makes one.\n\nRole: `user` or higher.');
    expect(post.responses['429'].$ref).toBe('#/components/responses/Limited');
    expect(post.responses['200'].content['application/json'].schema.properties.n.example).toBe(5);
    expect(Object.keys(components.securitySchemes)).toEqual(['bearer', 'basic']);
    expect(Object.keys(paths)).toEqual(['/v1/open', '/v1/things/{id}']);
    await app.close();
  });

  test('has a page whose parts all come from here', async () => {
    const app = await openServer();
    const page = await app.inject({ url: '/docs', headers: as('user@*') });
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? '');
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect(part).toMatch(/^\/docs\//);
      expect((await app.inject({ url: part, headers: as('user@*') })).statusCode).toBe(200);
      expect((await app.inject({ url: part })).statusCode).toBe(401);
    }
    await app.close();
  });
});

describe('on a real socket', () => {
  const listen = async (app: AppInstance): Promise<number> => {
    await app.listen({ host: '127.0.0.1', port: 0 });
    return (app.server.address() as AddressInfo).port;
  };
  const get = (port: number, path: string) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const sent = httpRequest({ host: '127.0.0.1', port, path, agent: false }, async (answer) => {
        resolve({ status: answer.statusCode, body: await text(answer) });
      });
      sent.on('error', reject).end();
    });

  test.each([
    ['what is no HTTP', 'HELLO\r\n\r\n', 400, 'CHR_INVALID_REQUEST'],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'CHR_HEADERS_TOO_LARGE',
    ],
    [
      'a request that never gets complete',
      'POST /things HTTP/1.1\r\nhost: x\r\n',
      408,
      'CHR_REQUEST_TIMEOUT',
    ],
  ])('%s is answered in the one body and cut off', async (_, sent, status, code) => {
    const app = await openServer({ settings: { bodyLimitBytes: 9, requestTimeoutMs: 100, trustProxy: [] } });
    const socket = connect(await listen(app), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(sent);
    const answer = await text(socket).catch(() => '');
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').error.code).toBe(code);
    await app.close();
  });

  test('closing lets a request in flight end and takes no new one', async () => {
    const app = await openServer();
    let finish: (value: string) => void = () => {};
    const working = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const begun = vi.fn();
    app.get('/work', { config: open }, () => {
      begun();
      return working;
    });
    const port = await listen(app);
    const inFlight = get(port, '/work');
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    const closed = closeServer(app, 60_000);
    await vi.waitFor(() => expect(app.server.listening).toBe(false));
    await expect(get(port, '/work')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    finish('done');
    expect(await inFlight).toEqual({ status: 200, body: 'done' });
    await closed;
  });

  test('a request that outlives the time for closing is cut off', async () => {
    const app = await openServer();
    const begun = vi.fn(() => new Promise(() => {}));
    app.get('/stuck', { config: open }, begun);
    const inFlight = get(await listen(app), '/stuck');
    inFlight.catch(() => {});
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    await closeServer(app, 20);
    await expect(inFlight).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test.each([
    ['other requests are refused in our own words', '/work', 'CHR_SHUTTING_DOWN'],
    ['/health still answers', '/health', 'in good health'],
  ])('on a connection that is busy while closing, %s', async (_, path, expected) => {
    const app = await openServer();
    const begun = vi.fn();
    let finish: (value: string) => void = () => {};
    app.get('/health', { config: open }, () => 'in good health');
    app.get('/work', { config: open }, () => {
      begun();
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const socket = connect(await listen(app), '127.0.0.1');
    await once(socket, 'connect');
    const received = text(socket);
    socket.write('GET /work HTTP/1.1\r\nhost: x\r\n\r\n');
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    const closed = closeServer(app, 60_000);
    await vi.waitFor(() => expect(app.server.listening).toBe(false));
    const answered = vi.fn();
    app.server.on('request', answered);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await vi.waitFor(() => expect(answered).toHaveBeenCalled());
    finish('done');
    const answers = await received;
    expect(answers.indexOf('done')).toBeGreaterThan(0);
    expect(answers.indexOf(expected)).toBeGreaterThan(answers.indexOf('done'));
    expect(begun).toHaveBeenCalledTimes(1);
    await closed;
  });
});
