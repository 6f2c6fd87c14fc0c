import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReadStore } from '../../src/projections/ports.ts';
import { event } from '../support/events.ts';
import { type Answer, openReading, present, type ReadingEngine } from '../support/reads.ts';

let engine: ReadingEngine;
let storeIs: 'there' | 'away' | 'hanging' = 'there';

const moody = (store: ReadStore): ReadStore => {
  const mood = async (): Promise<void> => {
    if (storeIs === 'away') throw new Error('connect ECONNREFUSED');
    if (storeIs === 'hanging') await new Promise(() => undefined);
  };
  return {
    ...store,
    query: (sql, options) => mood().then(() => store.query(sql, options)),
    ping: () => mood().then(() => store.ping()),
  };
};

const at = (minutesAgo: number): number => present - minutesAgo * 60_000;
const request = (over: { data?: object } & Record<string, unknown>) => event('RequestCompleted', over);

beforeAll(async () => {
  engine = await openReading({ store: moody });
  await engine.take([
    request({
      occurredAt: at(5),
      requestId: 'r1',
      userId: 'ann',
      data: { operation: 'search', durationMs: 40 },
    }),
    request({
      occurredAt: at(4),
      requestId: 'r2',
      userId: 'bob',
      traceId: 'trace-9',
      data: {
        operation: 'checkout',
        status: 'error',
        durationMs: 900,
        errorCode: 'PAY_1',
        errorMessage: 'Payment Gateway said: 50% off_limits for "card-9"',
        attributes: { attempt: 3, card: true, region: 'eu' },
      },
    }),
    event('ErrorCaptured', {
      occurredAt: at(4) - 1,
      requestId: 'r2',
      userId: 'bob',
      data: {
        message: 'Gateway closed',
        stack: 'Error: x\n    at pay (/srv/pay.js:1:1)',
        operation: 'checkout',
      },
    }),
    event('LogWritten', {
      occurredAt: at(4) - 2,
      requestId: 'r2',
      data: { message: 'Calling Gateway', level: 'debug' },
    }),
    event('LogWritten', { occurredAt: at(3), data: { message: 'Überlast in Zelle 7', level: 'warn' } }),
    request({ occurredAt: at(2), data: { operation: 'sync', status: 'timeout', durationMs: 5_000 } }),
    request({
      project: 'other',
      occurredAt: at(2),
      requestId: 'r2',
      userId: 'mallory',
      data: { operation: 'secret', status: 'error', errorMessage: 'leak' },
    }),
    event('LogWritten', { project: 'other', occurredAt: at(2), data: { message: 'leak' } }),
    event('ErrorCaptured', {
      project: 'other',
      occurredAt: at(2),
      requestId: 'r2',
      data: { message: 'leak' },
    }),
  ]);
}, 120_000);
afterAll(() => engine.close());

const windowed = [
  '/v1/latency',
  '/v1/errors',
  '/v1/kpis',
  '/v1/series?metric=requests',
  '/v1/requests',
  '/v1/logs',
];
const every = [...windowed, '/v1/positions', '/v1/status', '/v1/requests/r2'];
const join = (path: string, query: string): string => `${path}${path.includes('?') ? '&' : '?'}${query}`;

describe('every read', () => {
  it.each(every)('%s wants a key, and one of a reader', async (path) => {
    expect((await engine.get(path, 'nonsense')).status).toBe(401);
    expect((await engine.get(path, 'ingest@default')).status).toBe(403);
    expect((await engine.get(path, 'user@default')).status).toBe(200);
  });

  it.each(every)('%s keeps to the project of the key', async (path) => {
    expect((await engine.get(join(path, 'project=other'))).status).toBe(403);
    expect((await engine.get(join(path, 'project=default'))).status).toBe(200);
    expect((await engine.get(join(path, 'project=*'))).status).toBe(403);
    const own = JSON.stringify((await engine.get(path)).body);
    expect(own).not.toContain('leak');
    expect(own).not.toContain('secret');
    expect(own).not.toContain('mallory');
  });

  it.each(every)('%s waits for a position, and says when it was not passed in time', async (path) => {
    const head = await engine.log.head();
    expect((await engine.get(join(path, `after=${head}&wait=1s`))).status).toBe(200);
    expect((await engine.get(join(path, 'after=0'))).status).toBe(200);
    const late = await engine.get(join(path, `after=${Number(head) + 1}&wait=10ms`));
    expect(late.status).toBe(504);
    expect(late.body.error.code).toBe('CHR_WAIT_TIMEOUT');
    for (const bad of ['after=', 'after=x', `after=${head}&wait=1y`, 'wait=61s', "after=1'"]) {
      expect((await engine.get(join(path, bad))).status).toBe(400);
    }
  });

  it.each(every)('%s refuses what it does not know and names what is near', async (path) => {
    const { status, body } = await engine.get(join(path, 'projekt=x'));
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code: 'CHR_INVALID_REQUEST',
      message: expect.stringContaining('did you mean "project"?'),
    });
    expect((await engine.get(join(path, 'wait=1s&wait=2s'))).status).toBe(400);
  });

  it.each(windowed)('%s refuses windows that are none', async (path) => {
    for (const bad of [
      'window=1y',
      'window=0s',
      'window=',
      'window=1h&from=1&to=2',
      'from=2026-01-31T00:00:00',
      'from=nonsense',
      'from=2000&to=1000',
      'to=99999999999999',
      'asOf=later',
      'from=0&to=2000000000000',
      'window=99999d',
    ]) {
      const { status, body } = await engine.get(join(path, bad));
      expect([bad, status, body.error?.code]).toEqual([bad, 400, 'CHR_INVALID_REQUEST']);
    }
  });

  it.each(windowed)('%s gives zeroes and empty lists where nothing was', async (path) => {
    for (const query of ['window=1s&to=1000000', 'service=none', 'operation=none', 'asOf=1000000']) {
      const { status, body } = await engine.get(join(path, query));
      expect([query, status]).toEqual([query, 200]);
      expect(JSON.stringify(body)).not.toContain('null');
    }
  });

  const attacks = [
    "' OR 1=1 --",
    "\\' OR 1=1 --",
    "x') UNION ALL SELECT 'leak",
    '\u0000',
    '{x:String}',
    '$$',
    "';DROP TABLE x;--",
    '%',
    '\\',
    '🕳',
  ];
  it.each(windowed)('%s takes no SQL in any parameter', async (path) => {
    for (const attack of attacks) {
      const value = encodeURIComponent(attack);
      for (const name of [
        'service',
        'operation',
        'project',
        'window',
        'from',
        'to',
        'asOf',
        'after',
        'metric',
        'step',
        'text',
        'user',
        'errorCode',
        'status',
        'level',
        'traceId',
        'requestId',
        'minDurationMs',
        'limit',
        'cursor',
      ]) {
        const { status, body } = await engine.get(join(path, `${name}=${value}`), 'user@default');
        expect([name, attack, status < 500]).toEqual([name, attack, true]);
        expect(JSON.stringify(body)).not.toContain('mallory');
      }
    }
    const fingerprint = await engine.get(`/v1/errors/${encodeURIComponent("' OR 1=1 --")}`);
    expect(fingerprint.status).toBe(404);
  });
});

describe('a read store that is away', () => {
  it.each(windowed)('%s says so with 503', async (path) => {
    storeIs = 'away';
    const { status, body } = await engine.get(path).finally(() => {
      storeIs = 'there';
    });
    expect(status).toBe(503);
    expect(body.error.code).toBe('CHR_READ_STORE_UNAVAILABLE');
  });

  it('leaves what the log alone can answer', async () => {
    storeIs = 'away';
    const [one, positions] = await Promise.all([
      engine.get('/v1/requests/r2'),
      engine.get('/v1/positions'),
    ]).finally(() => {
      storeIs = 'there';
    });
    expect([one.status, positions.status]).toEqual([200, 200]);
  });

  it('shows in the status, which does not wait for one that hangs', async () => {
    // An answer is kept for a second.
    await expect
      .poll(
        async () => {
          storeIs = 'hanging';
          return (await engine.get('/v1/status')).body;
        },
        { timeout: 5_000 },
      )
      .toMatchObject({
        healthy: false,
        dependencies: expect.arrayContaining([
          expect.objectContaining({ name: 'read_store', state: 'down', reason: 'timeout' }),
        ]),
      });
    storeIs = 'there';
    await expect
      .poll(async () => (await engine.get('/v1/status')).body.healthy, { timeout: 5_000 })
      .toBe(true);
  });
});

describe('/v1/requests', () => {
  const found = async (query: string): Promise<string[]> =>
    (await engine.get(`/v1/requests?${query}`)).body.requests.map((one: Answer) => one.operation);

  it.each([
    ['', ['sync', 'checkout', 'search']],
    ['status=error', ['checkout']],
    ['user=ann', ['search']],
    ['errorCode=PAY_1', ['checkout']],
    ['traceId=trace-9', ['checkout']],
    ['service=bot&operation=sync', ['sync']],
    ['minDurationMs=40&maxDurationMs=900', ['checkout', 'search']],
    ['minDurationMs=40.5', ['sync', 'checkout']],
    ['text=gateway', ['checkout']],
    ['text=GATEWAY%20payment', ['checkout']],
    ['text=atewa', ['checkout']],
    ['text=%22gateway%20said%22', ['checkout']],
    ['text=%22said%20gateway%22', []],
    ['text=50%25', ['checkout']],
    ['text=5%250', []],
    ['text=off_limits', ['checkout']],
    ['text=off-limits', []],
    ['text=gateway%20absent', []],
    ['user=mallory', []],
    ['limit=2', ['sync', 'checkout']],
  ])('finds by %j', async (query, operations) => {
    expect(await found(query)).toEqual(operations);
  });

  it('shows a request with all that is known of it, and leaves out what is not', async () => {
    const { body } = await engine.get('/v1/requests?status=error');
    expect(body.requests[0]).toEqual({
      time: new Date(at(4)).toISOString(),
      recordedAt: new Date(present).toISOString(),
      position: '2',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      service: 'bot',
      operation: 'checkout',
      status: 'error',
      durationMs: 900,
      requestId: 'r2',
      traceId: 'trace-9',
      userId: 'bob',
      errorCode: 'PAY_1',
      errorMessage: 'Payment Gateway said: 50% off_limits for "card-9"',
      attributes: { attempt: '3', card: 'true', region: 'eu' },
    });
    expect(body.nextCursor).toBeUndefined();
  });

  it('names what a parameter of another program is called here', async () => {
    const { body } = await engine.get('/v1/requests?userId=ann');
    expect(body.error.message).toContain('did you mean "user"?');
  });
});

describe('/v1/logs', () => {
  it.each([
    ['', ['Überlast in Zelle 7', 'Calling Gateway']],
    ['level=warn', ['Überlast in Zelle 7']],
    ['text=ÜBERLAST', ['Überlast in Zelle 7']],
    ['text=gateway', ['Calling Gateway']],
    ['requestId=r2', ['Calling Gateway']],
  ])('finds by %j', async (query, messages) => {
    const { body } = await engine.get(`/v1/logs?${encodeURI(query)}`);
    expect(body.logs.map((one: Answer) => one.message)).toEqual(messages);
  });
});

describe('/v1/requests/:id', () => {
  it('gives every event in full, in the order in which they happened', async () => {
    const { body } = await engine.get('/v1/requests/r2');
    expect(body.events.map((one: Answer) => one.type)).toEqual([
      'LogWritten',
      'ErrorCaptured',
      'RequestCompleted',
    ]);
    expect(body.events[2].data.attributes).toEqual({ attempt: 3, card: true, region: 'eu' });
    expect(body.truncated).toBe(false);
    const other = await engine.get('/v1/requests/r2', 'user@other');
    expect(other.body.events.map((one: Answer) => one.data.operation ?? one.data.message)).toEqual([
      'secret',
      'leak',
    ]);
  });

  it('knows nothing of what nobody sent, or had not sent by then', async () => {
    expect((await engine.get('/v1/requests/nobody')).status).toBe(404);
    expect((await engine.get(`/v1/requests/r2?asOf=${present - 1}`)).status).toBe(404);
    expect((await engine.get(`/v1/requests/r2?asOf=${present}`)).status).toBe(200);
  });
});

describe('/v1/errors', () => {
  it('counts a request that failed and reported it once', async () => {
    const { body } = await engine.get('/v1/errors');
    expect(body).toMatchObject({ total: 2, errorRate: 2 / 3, groupCount: 2 });
    const captured = body.groups.find((group: Answer) => group.message === 'Gateway closed');
    expect(captured).toMatchObject({
      count: 1,
      operations: ['checkout'],
      services: ['bot'],
      trend: 'new',
      change: 1,
      sampleRequestIds: ['r2'],
      firstSeen: new Date(at(4) - 1).toISOString(),
    });
    expect(body.byOperation).toEqual([
      { service: 'bot', operation: 'checkout', count: 1, requests: 1, failedRequests: 1, errorRate: 1 },
      { service: 'bot', operation: 'sync', count: 1, requests: 1, failedRequests: 1, errorRate: 1 },
    ]);
  });

  it('shows one group with its course, its places and its samples', async () => {
    const { body: all } = await engine.get('/v1/errors');
    const { fingerprint } = all.groups.find((group: Answer) => group.message === 'Gateway closed');
    const { status, body } = await engine.get(`/v1/errors/${fingerprint}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      fingerprint,
      count: 1,
      usersAffected: 1,
      operations: [{ service: 'bot', operation: 'checkout', count: 1 }],
      samples: [
        {
          requestId: 'r2',
          userId: 'bob',
          message: 'Gateway closed',
          stack: expect.stringContaining('pay.js'),
        },
      ],
    });
    expect(body.series.reduce((sum: number, each: Answer) => sum + each.value, 0)).toBe(1);
    expect((await engine.get(`/v1/errors/${fingerprint}`, 'user@other')).status).toBe(404);
    expect((await engine.get(`/v1/errors/${fingerprint}?window=1m`)).status).toBe(404);
  });
});

describe('/v1/series', () => {
  it('chooses a step, and refuses too many points', async () => {
    const { body } = await engine.get('/v1/series?metric=requests&window=1h');
    expect(body.stepMs).toBe(30_000);
    expect(body.points.length).toBeLessThanOrEqual(122);
    expect((await engine.get('/v1/series?metric=requests&window=7d&step=1m')).status).toBe(400);
    expect((await engine.get('/v1/series?metric=requests&step=90s')).status).toBe(400);
    expect((await engine.get('/v1/series?metric=request')).status).toBe(400);
  });
});

describe('standing', () => {
  it('/v1/positions shows every projection at the head, also as of an earlier time', async () => {
    const head = await engine.log.head();
    const { body } = await engine.get('/v1/positions');
    expect(body.head).toBe(head);
    expect(body.projections.map((one: Answer) => one.name)).toContain('requests');
    for (const one of body.projections) expect(one).toMatchObject({ position: head, lagEvents: 0, lagMs: 0 });
    expect((await engine.get(`/v1/positions?asOf=${present - 1}`)).body.head).toBeUndefined();
    expect((await engine.get(`/v1/positions?asOf=${present}`)).body.head).toBe(head);
  });

  it('/v1/status tells version, age and dependencies', async () => {
    const { body } = await engine.get('/v1/status');
    expect(body).toMatchObject({
      healthy: true,
      version: '1.2.3',
      uptimeMs: 60_000,
      dependencies: [
        { name: 'log', state: 'up' },
        { name: 'read_store', state: 'up' },
      ],
      projections: { failing: [], lagEvents: 0 },
    });
  });
});

describe('time travel', () => {
  it('answers as of a time without what was recorded later, and afterwards with it', async () => {
    const late = present + 120_000;
    engine.setClock(late);
    const position = await engine.take([
      request({ project: 'late', occurredAt: at(10), data: { operation: 'late', durationMs: 1 } }),
    ]);
    const count = async (query: string): Promise<number> =>
      (await engine.get(`/v1/kpis?window=3h&after=${position}&${query}`, 'user@late')).body.requests;
    expect(await count(`asOf=${late - 1}`)).toBe(0);
    expect(await count(`asOf=${late}`)).toBe(1);
    expect(await count('')).toBe(1);
    expect(await count(`asOf=${new Date(late).toISOString().replace('Z', '+00:00')}`)).toBe(1);
  });

  it('counts what happens at this very moment', async () => {
    const now = present + 240_000;
    engine.setClock(now);
    await engine.take([request({ project: 'now', occurredAt: now })]);
    expect((await engine.get('/v1/kpis', 'user@now')).body.requests).toBe(1);
    expect((await engine.get(`/v1/kpis?asOf=${now}`, 'user@now')).body.requests).toBe(1);
    expect((await engine.get(`/v1/kpis?to=${now}`, 'user@now')).body.requests).toBe(0);
  });
});

describe('the description', () => {
  it('has every read with its parameters and its answer', async () => {
    const { body } = await engine.get('/openapi.json');
    for (const path of [
      '/v1/latency',
      '/v1/errors',
      '/v1/errors/{fingerprint}',
      '/v1/kpis',
      '/v1/series',
      '/v1/requests',
      '/v1/requests/{id}',
      '/v1/logs',
      '/v1/positions',
      '/v1/status',
    ]) {
      const { get } = body.paths[path];
      expect(get.summary).not.toBe('');
      expect(get.parameters.map((one: Answer) => one.name)).toEqual(
        expect.arrayContaining(['project', 'asOf', 'after', 'wait']),
      );
      expect(get.responses['200'].content['application/json'].schema.properties).toBeDefined();
    }
  });
});
