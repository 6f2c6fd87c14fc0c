import { AlertProcessor } from '../../src/domain/alerts/processor/processor.ts';
import { readRules } from '../../src/domain/alerts/rules/read.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { asPosition } from '../../src/domain/position.ts';

/**
 * What a hundred rules over ten thousand label sets weigh: the processor alone, shown events that nobody keeps. Run as a
 * program of its own, since the memory of a process that has done other things tells nothing.
 */

const services = 80;
const operations = 100;
const metricServices = 100;
const metricNames = 20;
const labelSets = services * operations + metricServices * metricNames;
/** Each label set has an event every ten seconds, for longer than the windows that most rules have. */
const eventsPerSecond = labelSets / 10;
const simulatedSeconds = 900;
/** Their alerts fire while the others are measured. */
const failingSets = 10;
const begins = Date.UTC(2026, 0, 5);

/** Every rule on requests sees all their label sets; those that ask for the same windows share them. */
function sharedRules(): string[] {
  const perRequest = ['1m', '5m', '15m', '30m'].flatMap((window) => [
    ...[2, 5, 10, 20].map((percent) => ['error_rate', window, `${percent}%`]),
    ...[300, 600, 900].map((count) => ['requests', window, `${count * 10}`]),
    ...[10, 20, 50].map((count) => ['failed_requests', window, `${count * 10}`]),
  ]);
  const perLatency = ['1m', '5m', '15m'].flatMap((window) =>
    ['p50', 'p95', 'p99', 'average', 'max'].flatMap((of) => [
      [`latency ${of}`, window, '2s'],
      [`latency ${of}`, window, '5s'],
    ]),
  );
  const onRequests = [...perRequest, ...perLatency].map(([measure, window, above]) =>
    ruleText(`${measure}`, `window: ${window}, by: [service, operation]`, `${above}`),
  );
  const onMetrics = Array.from({ length: 30 }, (_, i) => {
    const aggregate = ['last', 'average', 'max'][i % 3];
    const measure = `{ metric: metric_${i % metricNames}, aggregate: ${aggregate} }`;
    return ruleText(measure, 'by: [service]', '1000');
  });
  return [...onRequests, ...onMetrics];
}

/** Each rule has a hundred label sets that no other has. */
const ownRules = (): string[] => [
  ...Array.from({ length: services }, (_, i) => {
    const measure = ['error_rate', 'latency p95', 'requests', 'latency p95'][i % 4] ?? '';
    const above = ['5%', '2s', '5000', '5s'][i % 4] ?? '';
    return ruleText(measure, `select: { service: service-${i} }, by: [service, operation]`, above);
  }),
  ...Array.from({ length: metricNames }, (_, i) =>
    ruleText(`{ metric: metric_${i} }`, 'by: [service]', '1000'),
  ),
];

const ruleText = (measure: string, more: string, above: string): string =>
  `{ measure: ${measure}, ${more}, warning: { above: ${above} } }`;

function* events(): Generator<RecordedEvent> {
  const count = eventsPerSecond * simulatedSeconds;
  for (let i = 0; i < count; i++) yield eventOf(i);
}

function eventOf(i: number): RecordedEvent {
  const set = (i * 7_919) % labelSets;
  const occurredAt = begins + Math.floor((i * 1_000) / eventsPerSecond);
  const about = { id: '', version: 1, occurredAt, recordedAt: occurredAt, position: asPosition('1') };
  const common = { ...about, stream: 'telemetry', project: 'default' };
  const isRequest = set < services * operations;
  if (isRequest) {
    const service = `service-${Math.floor(set / operations)}`;
    const status = set < failingSets && i % 5 === 0 ? 'error' : 'success';
    const durationMs = 5 + ((i * 31) % 4_000) ** 2 / 20_000;
    const data = { operation: `operation-${set % operations}`, status, durationMs } as const;
    return { ...common, type: 'RequestCompleted', service, data };
  }
  const service = `worker-${set % metricServices}`;
  const name = `metric_${Math.floor((set - services * operations) / metricServices)}`;
  const data = { name, kind: 'gauge', value: i % 100 } as const;
  return { ...common, type: 'MetricRecorded', service, data };
}

function resident(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().rss;
}

function measure(rules: readonly string[]) {
  const named = rules.map((rule, i) => `  - ${rule.replace('{ ', `{ name: rule-${i}, `)}`);
  const read = readRules(`rules:\n${named.join('\n')}\n`);
  if (read.kind === 'refused') throw new Error(JSON.stringify(read.faults));
  let made = 0;
  for (const { data } of events()) made += 'status' in data ? 1 : 0;
  const before = resident();
  const makingMs = timed(() => {
    for (const { data } of events()) made += 'status' in data ? 1 : 0;
  });
  const processor = new AlertProcessor({ rules: read.ruleSet });
  let decisions = 0;
  const showingMs = timed(() => {
    for (const event of events()) decisions += processor.observe(event).length;
  });
  const held = resident() - before;
  const saved = JSON.stringify(processor.save()).length;
  return {
    rules: read.ruleSet.rules.length,
    windows: processor.series,
    bytes: held,
    bytesAfterSnapshot: resident() - before,
    snapshotBytes: saved,
    microsPerEvent: ((showingMs - makingMs) * 1_000) / (eventsPerSecond * simulatedSeconds),
    decisions,
    made,
  };
}

function timed(work: () => void): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1_000;
}

process.stdout.write(`${JSON.stringify(measure(process.argv[2] === 'own' ? ownRules() : sharedRules()))}\n`);
