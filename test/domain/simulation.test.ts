import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { nativeSchema, nativeTypes } from '../../src/domain/native/schema.ts';
import { operations } from '../../src/domain/simulation/operations.ts';
import type { SimulatedEvent } from '../../src/domain/simulation/requests.ts';
import { createSimulation, minuteMs } from '../../src/domain/simulation/simulation.ts';
import { quotaWindowMs } from '../../src/domain/simulation/story.ts';

const anchor = Date.parse('2026-03-12T14:30:00Z');
const dayMs = 24 * 60 * minuteMs;
const at = (minutes: number) => anchor + minutes * minuteMs;

const sha = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
const quantile = (values: readonly number[], q: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN;

let day: SimulatedEvent[] = [];
beforeAll(() => {
  const simulation = createSimulation({ seed: 'a', anchor });
  for (let start = anchor - dayMs; start < anchor; start += minuteMs) day.push(...simulation.minute(start));
  return () => {
    day = [];
  };
});

const between = (from: number, to: number) => day.filter(({ time }) => time >= at(from) && time < at(to));
const requestsOf = (operation: string, events: readonly SimulatedEvent[]) =>
  events.filter((event) => event.type === 'request' && event.operation === operation);
const p95 = (operation: string, from: number, to: number) =>
  quantile(
    requestsOf(operation, between(from, to)).map(({ durationMs = 0 }) => durationMs),
    0.95,
  );

describe('a minute of the simulation', () => {
  it('is the same bytes for the same seed, whatever was asked for before', () => {
    const first = createSimulation({ seed: 'a', anchor });
    const second = createSimulation({ seed: 'a', anchor });
    const minutes = [-60, -1_000, -50, 3, -60];
    const forwards = minutes.map((minute) => sha(first.minute(at(minute))));
    const backwards = [...minutes].reverse().map((minute) => sha(second.minute(at(minute))));
    expect(forwards).toEqual(backwards.reverse());
  });

  it('is another one for another seed', () => {
    const minute = at(-300);
    const ids = (seed: string) =>
      createSimulation({ seed, anchor })
        .minute(minute)
        .map(({ id }) => id);
    const first = new Set(ids('a'));
    expect(ids('b').filter((id) => first.has(id))).toEqual([]);
  });

  it('keeps its ids when the story is moved, so that sending it twice counts once', () => {
    const quiet = at(-300);
    const moved = createSimulation({ seed: 'a', anchor: anchor + 7 * minuteMs });
    const ids = createSimulation({ seed: 'a', anchor })
      .minute(quiet)
      .filter(({ type }) => type === 'request');
    const others = new Set(moved.minute(quiet).map(({ id }) => id));
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.filter(({ id }) => !others.has(id))).toEqual([]);
  });
});

describe('a day of the simulation', () => {
  it('holds only events that the door takes, each with an id of its own', () => {
    const refused = day.map((event) => nativeSchema.safeParse(event)).find(({ success }) => !success);
    expect(refused).toBeUndefined();
    expect(new Set(day.map(({ id }) => id)).size).toBe(day.length);
    expect(
      day.filter(
        ({ id }) => !/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id),
      ),
    ).toEqual([]);
  });

  it('holds every kind of event, every operation and some hundreds of users in several languages', () => {
    expect(new Set(day.map(({ type }) => type))).toEqual(new Set(nativeTypes));
    const requests = day.filter(({ type }) => type === 'request');
    expect(new Set(requests.map(({ operation }) => operation))).toEqual(new Set(operations));
    expect(new Set(requests.flatMap(({ userId }) => userId ?? [])).size).toBeGreaterThan(300);
    expect(new Set(requests.flatMap(({ attributes }) => attributes?.language ?? [])).size).toBeGreaterThan(5);
    expect(new Set(day.flatMap(({ metricType }) => metricType ?? [])).size).toBe(4);
  });

  it('has a rhythm: the busiest hour has at least twice the quietest', () => {
    const perHour = new Array<number>(24).fill(0);
    for (const { time } of requestsOf('search', day)) {
      const hour = new Date(time).getUTCHours();
      perHour[hour] = (perHour[hour] ?? 0) + 1;
    }
    expect(Math.max(...perHour)).toBeGreaterThan(2 * Math.min(...perHour));
  });

  it('ties spans, logs and errors to their request', () => {
    const requests = new Map(
      day.filter(({ type }) => type === 'request').map((each) => [each.requestId, each]),
    );
    const tied = day.filter(({ type }) => type === 'span' || type === 'error');
    const loose = tied.filter((event) => {
      const request = requests.get(event.requestId);
      const parent = event.type === 'span' ? event.parentSpanId : event.spanId;
      return request === undefined || request.traceId !== event.traceId || request.spanId !== parent;
    });
    expect(tied.length).toBeGreaterThan(10_000);
    expect(loose).toEqual([]);
  });
});

describe('the incident', () => {
  const timeouts = () =>
    day.filter(({ type, errorCode }) => type === 'error' && errorCode === 'DB_POOL_TIMEOUT');

  it('slows searches many times over, and ends with the rollback', () => {
    const ordinary = p95('search', -1_440, -100);
    expect(p95('search', -80, -46)).toBeGreaterThan(10 * ordinary);
    expect(p95('search', -38, 0)).toBeLessThan(2 * ordinary);
  });

  it('has one cause: pool timeouts come only from the version that shrank the pool', () => {
    const deploy = day.find(({ type, attributes }) => type === 'deploy' && attributes?.['db.pool.max'] === 5);
    expect(deploy?.time).toBe(at(-95));
    const versions = new Set(
      timeouts()
        .filter(({ service }) => service === 'worker')
        .map(({ attributes }) => attributes?.version),
    );
    expect(timeouts().length).toBeGreaterThan(50);
    expect(versions).toEqual(new Set([deploy?.attributes?.version]));
    const arrived = timeouts().map(({ requestId = '' }) =>
      Number.parseInt(requestId.replace('-', '').slice(0, 12), 16),
    );
    expect(Math.min(...arrived)).toBeGreaterThanOrEqual(at(-95));
    expect(Math.max(...arrived)).toBeLessThan(at(-40));
  });

  it('names the request in each message, so that an error leads to its request', () => {
    const strangers = timeouts().filter(
      ({ requestId = '?', errorMessage }) => !errorMessage?.includes(requestId),
    );
    expect(strangers).toEqual([]);
  });

  it('spends the quota of the code host by retrying, until the window ends', () => {
    const left = (from: number, to: number) =>
      between(from, to).flatMap(({ type, value }) => (type === 'rate_limit' ? [value ?? Number.NaN] : []));
    expect(Math.min(...left(-1_440, -100))).toBeGreaterThan(0);
    expect(Math.min(...left(-60, -40))).toBe(0);
    expect(Math.min(...left(-40, 0))).toBeGreaterThan(1_000);
    const limited = day.filter(({ type, status }) => type === 'request' && status === 'rate_limited');
    expect(limited.length).toBeGreaterThan(5);
    expect(new Set(limited.map(({ operation }) => operation))).toEqual(new Set(['github_sync']));
  });

  it('lets the quota only fall within a window', () => {
    const story = createSimulation({ seed: 'a', anchor }).story;
    const seen = day.filter(({ type }) => type === 'rate_limit');
    const rises = seen.filter((event, i) => {
      const before = seen[i - 1];
      const sameWindow = before && story.quotaWindowStart(before.time) === story.quotaWindowStart(event.time);
      return sameWindow && (event.value ?? 0) > (before.value ?? 0);
    });
    expect(rises).toEqual([]);
    expect(seen.every(({ time, attributes }) => Number(attributes?.resetAt) - time <= quotaWindowMs)).toBe(
      true,
    );
  });

  it('comes again the day after, and versions follow the deploys', () => {
    const { story } = createSimulation({ seed: 'a', anchor });
    const next = story.deploys(anchor, anchor + dayMs);
    expect(next.map(({ service }) => service)).toEqual(['bot', 'worker', 'worker']);
    for (const { time, service, version, attributes } of next) {
      expect(story.version(service, time - 1)).toBe(attributes.previous);
      expect(story.version(service, time)).toBe(version);
    }
    expect(story.pressure(at(-60) + dayMs)).toBe(1);
  });
});
