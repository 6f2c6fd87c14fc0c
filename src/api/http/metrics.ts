import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AppInstance } from './server.ts';
import { createTrafficFigures } from './trafficFigures.ts';

/**
 * Everything that Prometheus can scrape here. The dashboard and the rules in deploy/ are checked against these names.
 */
export type Metrics = ReturnType<typeof createMetrics>;

const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
const batchBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Figures that are read at the moment of a scrape. */
export interface Gauges {
  ingest(): { accepted: number; duplicates: number; rejected: number; pendingEvents: number };
  projections(): Promise<readonly { projection: string; lagEvents: number; lagMs: number }[]>;
  /** Of a feed in lanes; none otherwise. */
  lanes(): Promise<readonly { lane: number; lagEvents: number }[]>;
  log(): Promise<{ bytes: number; events: number }>;
  engineMemoryBytes(): Promise<number>;
  liveClients(): number;
  limitStoreDegraded(): boolean;
}

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const activeRequests = new Gauge({
    name: 'chronoscope_active_requests',
    help: 'Requests that this engine is answering now, by route',
    labelNames: ['operation'],
    registers,
  });
  const httpRequests = new Counter({
    name: 'chronoscope_http_requests_total',
    help: 'Requests that this engine answered',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const httpSeconds = new Histogram({
    name: 'chronoscope_http_request_seconds',
    help: 'How long this engine took to answer',
    labelNames: ['route'],
    buckets: durationBuckets,
    registers,
  });
  const ingestSeconds = new Histogram({
    name: 'chronoscope_ingest_batch_seconds',
    help: 'From a parsed batch to its events being on disk',
    buckets: batchBuckets,
    registers,
  });
  const deadLetters = new Counter({
    name: 'chronoscope_feed_dead_letters_total',
    help: 'Messages of the feed that nobody could make sense of; they are in the topic of dead letters',
    registers,
  });
  const dropped = new Counter({
    name: 'chronoscope_events_dropped_total',
    help: 'Acknowledged events that a view does not show. Anything but 0 is a defect.',
    registers,
  });
  const projectionSeconds = new Histogram({
    name: 'chronoscope_projection_batch_seconds',
    help: 'How long the read store took for one insert',
    labelNames: ['projection'],
    buckets: batchBuckets,
    registers,
  });
  const projectionFailures = new Counter({
    name: 'chronoscope_projection_failures_total',
    help: 'Inserts that failed and were tried again, and events that could not be projected',
    labelNames: ['projection'],
    registers,
  });
  const querySeconds = new Histogram({
    name: 'chronoscope_query_seconds',
    help: 'How long the read store took for a read',
    labelNames: ['kind'],
    buckets: durationBuckets,
    registers,
  });
  const rateLimited = new Counter({
    name: 'chronoscope_rate_limited_total',
    help: 'Requests refused with 429, by what they ran into',
    labelNames: ['by'],
    registers,
  });
  dropped.inc(0);

  return {
    registry,
    traffic: createTrafficFigures(registry),
    activeRequests,
    httpRequests,
    httpSeconds,
    ingestSeconds,
    dropped,
    deadLetters,
    projectionSeconds,
    projectionFailures,
    querySeconds,
    rateLimited,
  };
}

export function registerGauges({ registry }: Metrics, gauges: Gauges): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await inTime(read, Number.NaN));
      },
    });
  new Counter({
    name: 'chronoscope_ingest_events_total',
    help: 'Events that came in, by what became of them',
    labelNames: ['result'],
    registers,
    collect() {
      const { accepted, duplicates, rejected } = gauges.ingest();
      this.reset();
      this.inc({ result: 'accepted' }, accepted);
      this.inc({ result: 'duplicate' }, duplicates);
      this.inc({ result: 'rejected' }, rejected);
    },
  });
  gauge(
    'chronoscope_ingest_queue_events',
    'Events that wait for the disk',
    () => gauges.ingest().pendingEvents,
  );
  gauge('chronoscope_log_bytes', 'Size of the event log on disk', async () => (await gauges.log()).bytes);
  gauge('chronoscope_log_events', 'Events in the log', async () => (await gauges.log()).events);
  gauge(
    'chronoscope_engine_memory_bytes',
    'Memory that the embedded engine tracks',
    gauges.engineMemoryBytes,
  );
  gauge('chronoscope_live_clients', 'Clients of the live stream', gauges.liveClients);
  gauge('chronoscope_limit_store_degraded', '1 while limits are counted in memory for want of Redis', () =>
    gauges.limitStoreDegraded() ? 1 : 0,
  );
  new Gauge({
    name: 'chronoscope_feed_lag_events',
    help: 'Events that wait in a lane of the feed which this process reads',
    labelNames: ['lane'],
    registers,
    async collect() {
      // A lane that has gone to another process is told there.
      this.reset();
      for (const { lane, lagEvents } of await inTime(gauges.lanes, [])) this.set({ lane }, lagEvents);
    },
  });
  const lagEvents = new Gauge({
    name: 'chronoscope_projection_lag_events',
    help: 'Events that a projection has still to take in',
    labelNames: ['projection'],
    registers,
  });
  new Gauge({
    name: 'chronoscope_projection_lag_seconds',
    help: 'How old the newest event is that a projection has taken in, while it is behind',
    labelNames: ['projection'],
    registers,
    async collect() {
      for (const { projection, lagEvents: events, lagMs } of await inTime(gauges.projections, [])) {
        lagEvents.set({ projection }, events);
        this.set({ projection }, lagMs / 1000);
      }
    },
  });
}

const patienceMs = 1_000;

/** A store that is away or hangs must not take the other figures with it: its own are then no numbers, or none. */
async function inTime<T>(read: () => T | Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, patienceMs, otherwise);
  });
  try {
    return await Promise.race([read(), late]);
  } catch {
    return otherwise;
  } finally {
    clearTimeout(timer);
  }
}

export function metricsRoutes(app: AppInstance, metrics: Metrics): void {
  app.addHook('onRequest', async (request) => {
    metrics.activeRequests.inc({ operation: routeOf(request.routeOptions.url) });
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = routeOf(request.routeOptions.url);
    metrics.activeRequests.dec({ operation: route });
    metrics.httpRequests.inc({ route, method: request.method, status: String(reply.statusCode) });
    metrics.httpSeconds.observe({ route }, reply.elapsedTime / 1000);
    if (reply.statusCode === 429)
      metrics.rateLimited.inc({ by: request.caller === undefined ? 'address' : 'key' });
  });
  app.get(
    '/metrics',
    { config: { role: 'user' }, schema: { summary: 'Figures for Prometheus', tags: ['operation'] } },
    async (_request, reply) => {
      const text = await metrics.registry.metrics();
      return await reply.type(metrics.registry.contentType).send(text);
    },
  );
}

const routeOf = (url: string | undefined): string => url ?? 'unknown';
