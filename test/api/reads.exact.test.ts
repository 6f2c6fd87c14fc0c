import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import { event } from '../support/events.ts';
import { type Answer, openReading, present, type ReadingEngine } from '../support/reads.ts';

/** Reads on a real engine against a plain computation over the same random events. */

let engine: ReadingEngine;
const random = mulberry32(20260131);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

const services = ['bot', 'api', "o'brien\\"] as const;
const operations = ['search', 'checkout', 'sync', 'höhle 🕳'] as const;
const spanMs = 3.5 * 3_600_000;

interface Made {
  event: NewEvent;
  recordedAt: number;
}
const made: Made[] = [];

function requestEvent(project: string): NewEvent {
  const failed = random() < 0.2;
  const status = failed ? pick(['error', 'timeout', 'rate_limited'] as const) : 'success';
  return event('RequestCompleted', {
    project,
    service: pick(services),
    // Whole milliseconds at times, so that some events lie on the very edge of a minute or a window.
    occurredAt: random() < 0.1 ? edge() : present - Math.round(random() * spanMs * 1_000) / 1_000,
    ...(random() < 0.9 && { requestId: `req-${made.length}` }),
    ...(random() < 0.8 && { userId: `user-${Math.floor(random() * 60)}` }),
    data: {
      operation: pick(operations),
      status,
      durationMs: random() < 0.05 ? 0 : Math.round(Math.exp(random() * 10) * 1_000) / 1_000,
      ...(failed &&
        random() < 0.8 && {
          errorCode: pick(['E1', 'E2']),
          errorMessage: `Fault ${pick(['one', 'two'])} here`,
        }),
    },
  });
}

const edge = () => Math.floor((present - random() * spanMs) / 60_000) * 60_000;

function errorOf(request: NewEvent): NewEvent {
  return event('ErrorCaptured', {
    project: request.project,
    service: request.service,
    occurredAt: request.occurredAt - 1,
    ...(request.requestId && { requestId: request.requestId }),
    data: { message: 'Fault captured', operation: (request.data as { operation: string }).operation },
  });
}

beforeAll(async () => {
  engine = await openReading();
  for (const recordedAt of [present - 600_000, present - 300_000, present]) {
    engine.setClock(recordedAt);
    const batch: NewEvent[] = [];
    for (let i = 0; i < 1_500; i++) {
      const request = requestEvent(random() < 0.8 ? 'default' : 'other');
      batch.push(request);
      made.push({ event: request, recordedAt });
      const { status } = request.data as { status: string };
      if (status === 'success' || random() < 0.5) continue;
      const error = errorOf(request);
      batch.push(error);
      made.push({ event: error, recordedAt });
    }
    await engine.take(batch);
  }
}, 120_000);
afterAll(() => engine.close());

interface Asked {
  from: number;
  to: number;
  project?: string;
  service?: string;
  operation?: string;
  asOf?: number;
}

const queryOf = ({ from, to, ...rest }: Asked) =>
  new URLSearchParams({
    from: new Date(from).toISOString(),
    to: String(to),
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)])),
  }).toString();

interface Data {
  operation?: string;
  status?: string;
  durationMs?: number;
}
const dataOf = (one: NewEvent): Data => one.data as Data;

function chosen({ from, to, project = 'default', service, operation, asOf = Infinity }: Asked): NewEvent[] {
  return made
    .filter(
      ({ event: e, recordedAt }) =>
        e.project === project && recordedAt <= asOf && e.occurredAt >= from && e.occurredAt < to,
    )
    .map(({ event: e }) => e)
    .filter(
      (e) =>
        (service === undefined || e.service === service) &&
        (operation === undefined || dataOf(e).operation === operation),
    );
}

const requestsOf = (asked: Asked) => chosen(asked).filter((e) => e.type === 'RequestCompleted');

/** Errors as the contract counts them: one for each captured error, and for each failing request without one. */
function errorsOf(asked: Asked): NewEvent[] {
  const around = chosen({ ...asked, from: asked.from - 300_000, to: asked.to + 300_000 });
  const captured = new Set(around.filter((e) => e.type === 'ErrorCaptured').map((e) => e.requestId));
  return chosen(asked).filter(
    (e) =>
      e.type === 'ErrorCaptured' ||
      (dataOf(e).status !== 'success' && (e.requestId === undefined || !captured.has(e.requestId))),
  );
}

const windows: Asked[] = [
  { from: present - 3_600_000, to: present },
  { from: edge(), to: present + 1 },
  { from: present - spanMs, to: present - spanMs / 2 },
  { from: present - 90_000, to: present - 60_500 },
  { from: present - 59_000, to: present - 1_000 },
  { from: present - spanMs - 5 * 86_400_000, to: present + 3_600_000 },
  { from: present - 7_200_000, to: present, service: 'bot' },
  { from: present - 7_200_000, to: present, service: "o'brien\\", operation: 'höhle 🕳' },
  { from: present - 7_200_000, to: present, project: 'other' },
  { from: present - 7_200_000, to: present, asOf: present - 300_000 },
  { from: present - 7_200_000, to: present, asOf: present - 300_001, operation: 'search' },
  { from: present - 7_200_000, to: present, asOf: present - 600_001 },
  { from: present + 3_600_000, to: present + 7_200_000 },
];

const key = ({ project = 'default' }: Asked) => `user@${project}`;

describe.each(windows)('over %j', (asked) => {
  it('latency counts exactly and its percentiles are within 1 %', async () => {
    const { status, body } = await engine.get(`/v1/latency?${queryOf(asked)}`, key(asked));
    expect(status).toBe(200);
    const groups = new Map<string, NewEvent[]>();
    for (const e of requestsOf(asked)) {
      const name = `${e.service}/${dataOf(e).operation}`;
      groups.set(name, [...(groups.get(name) ?? []), e]);
    }
    expect(body.operations).toHaveLength(groups.size);
    for (const found of body.operations as Answer[]) {
      const requests = groups.get(`${found.service}/${found.operation}`) ?? [];
      const durations = requests.map((e) => dataOf(e).durationMs ?? 0).sort((a, b) => a - b);
      const failed = requests.filter((e) => dataOf(e).status !== 'success').length;
      expect(found).toMatchObject({ count: requests.length, errorCount: failed, maxMs: durations.at(-1) });
      expect(found.errorRate).toBeCloseTo(failed / requests.length, 12);
      expect(found.avgMs).toBeCloseTo(durations.reduce((sum, d) => sum + d, 0) / durations.length, 2);
      expectNear(found.p50Ms, durations, 0.5);
      expectNear(found.p95Ms, durations, 0.95);
      expectNear(found.p99Ms, durations, 0.99);
    }
  });

  it('errors count each failure once', async () => {
    const { body } = await engine.get(`/v1/errors?${queryOf(asked)}&limit=1000`, key(asked));
    const [errors, requests] = [errorsOf(asked), requestsOf(asked)];
    const failed = requests.filter((e) => dataOf(e).status !== 'success').length;
    expect(body.total).toBe(errors.length);
    expect(body.errorRate).toBeCloseTo(requests.length === 0 ? 0 : failed / requests.length, 12);
    expect(sum(body.groups)).toBe(errors.length);
    expect(sum(body.byOperation)).toBe(errors.length);
    expect(body.groupCount).toBe(body.groups.length);
    for (const group of body.groups as Answer[]) {
      expect(Date.parse(group.firstSeen)).toBeGreaterThanOrEqual(Math.floor(asked.from));
      expect(Date.parse(group.lastSeen)).toBeLessThan(asked.to);
      expect(group.sampleRequestIds.length).toBeLessThanOrEqual(5);
    }
  });

  it('KPIs stand beside those of the window before', async () => {
    const { body } = await engine.get(`/v1/kpis?${queryOf(asked)}`, key(asked));
    const before = { ...asked, from: asked.from - (asked.to - asked.from), to: asked.from };
    expect(body).toMatchObject(figuresOf(asked));
    expect(body.previous).toEqual(figuresOf(before));
    expect(sum(body.operations)).toBe(requestsOf(asked).length);
  });

  it('a series adds up to the whole and has no gap', async () => {
    const step =
      asked.to - asked.from > 86_400_000 ? 3_600_000 : asked.to - asked.from < 120_000 ? 7_000 : 60_000;
    const query = `${queryOf(asked)}&step=${step / 1_000}s`;
    const { body } = await engine.get(`/v1/series?metric=requests&${query}`, key(asked));
    expect(sum(body.points, 'value')).toBe(requestsOf(asked).length);
    const times = (body.points as Answer[]).map(({ time }) => Date.parse(time));
    expect(times.every((time, i) => i === 0 || time - (times[i - 1] ?? 0) === step)).toBe(true);
    const errors = await engine.get(`/v1/series?metric=errors&${query}`, key(asked));
    const failed = requestsOf(asked).filter((e) => dataOf(e).status !== 'success').length;
    expect(sum(errors.body.points, 'value')).toBe(failed);
  });

  it('a series of percentiles is within 1 % in every step', async () => {
    if (asked.to - asked.from > 86_400_000) return;
    const { body } = await engine.get(`/v1/series?metric=p95&step=10m&${queryOf(asked)}`, key(asked));
    for (const { time, value } of body.points as Answer[]) {
      const start = Date.parse(time);
      const within = { ...asked, from: Math.max(start, asked.from), to: Math.min(start + 600_000, asked.to) };
      const durations = requestsOf(within).map((e) => dataOf(e).durationMs ?? 0);
      if (durations.length === 0) expect(value).toBe(0);
      else
        expectNear(
          value,
          durations.sort((a, b) => a - b),
          0.95,
        );
    }
  });

  it('pages through every request, newest first, without loss or repetition', async () => {
    const ids: string[] = [];
    let cursor = '';
    do {
      const { body } = await engine.get(`/v1/requests?${queryOf(asked)}&limit=97${cursor}`, key(asked));
      ids.push(...body.requests.map((found: Answer) => found.id));
      cursor = body.nextCursor === undefined ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    const order = new Map(made.map(({ event: e }, index) => [e.id, index]));
    const expected = requestsOf(asked)
      .sort((a, b) => b.occurredAt - a.occurredAt || (order.get(b.id) ?? 0) - (order.get(a.id) ?? 0))
      .map(({ id }) => id);
    expect(ids).toEqual(expected);
  });
});

const sum = (rows: Answer[], name = 'count'): number => rows.reduce((total, row) => total + row[name], 0);

function figuresOf(asked: Asked) {
  const requests = requestsOf(asked);
  const failedRequests = requests.filter((e) => dataOf(e).status !== 'success').length;
  return {
    requests: requests.length,
    failedRequests,
    successRate: requests.length === 0 ? 0 : (requests.length - failedRequests) / requests.length,
    activeUsers: new Set(requests.map((e) => e.userId).filter((id) => id !== undefined)).size,
  };
}

/** Within 1 % of a value of the rank, or of the ranks next to it: definitions of a quantile differ by one. */
function expectNear(value: number, sorted: readonly number[], level: number): void {
  const rank = level * (sorted.length - 1);
  const low = sorted[Math.max(0, Math.floor(rank) - 1)] ?? 0;
  const high = sorted[Math.min(sorted.length - 1, Math.ceil(rank) + 1)] ?? 0;
  expect(value).toBeGreaterThanOrEqual(low * 0.99 - 0.002);
  expect(value).toBeLessThanOrEqual(high * 1.01 + 0.002);
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
