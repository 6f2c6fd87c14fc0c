import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kafkaClient } from '../../src/adapters/kafka/client.ts';
import { clusterOf } from '../../src/adapters/kafka/cluster.ts';
import { quietRequestQueue } from '../../src/adapters/kafka/requestQueue.ts';

const Queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js');

describe("the client's request queue", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    quietRequestQueue();
    quietRequestQueue();
  });
  afterEach(() => vi.useRealTimers());

  const logger = { debug: () => {}, warn: () => {} };
  const open = (more: object = {}) => new Queue({ logger, requestTimeout: 1_000, ...more });
  const request = (correlationId: number, sent: number[]) => ({
    entry: { correlationId, resolve: () => {}, reject: () => {} },
    expectResponse: true,
    sendRequest: () => sent.push(correlationId),
  });

  it('plans nothing when nothing waits', () => {
    const queue = open();
    queue.push(request(1, []));
    queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends what waits when there is room for it', () => {
    const sent: number[] = [];
    const queue = open({ maxInFlightRequests: 1 });
    queue.push(request(1, sent));
    queue.push(request(2, sent));
    expect(sent).toEqual([1]);
    queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    expect(sent).toEqual([1, 2]);
  });

  it('sends what a broker asked to hold back when its time has come', () => {
    const sent: number[] = [];
    const queue = open();
    queue.maybeThrottle(5_000);
    queue.push(request(1, sent));
    vi.advanceTimersByTime(4_000);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(2_000);
    expect(sent).toEqual([1]);
  });

  it('another version of it is refused, not changed', () => {
    class Other {
      pending = [];
      scheduleCheckPendingRequests(): void {}
    }
    expect(() => quietRequestQueue(Other)).toThrow(/kafkajs has changed/);
    expect(() => quietRequestQueue(class {} as never)).toThrow(/kafkajs has changed/);
  });
});

describe('the client', () => {
  it('gives the parts that are relied upon, and says nothing by itself', () => {
    const said = vi.spyOn(console, 'log').mockReturnValue();
    const client = kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'test' });
    expect(clusterOf(client)).toHaveProperty('findGroupCoordinator');
    client.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: () => () => 0 });
    expect(said).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it('tells what it has to tell to the one who is given, with nothing of the credentials', async () => {
    const told: string[] = [];
    const credentials = { username: 'me', password: 'open sesame' };
    const log = (line: object) => told.push(JSON.stringify(line));
    const client = kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'test', credentials, log });
    await expect(client.admin().connect()).rejects.toThrow();
    expect(told.join()).toContain('ECONNREFUSED');
    expect(told.join()).not.toContain('sesame');
  });
});
