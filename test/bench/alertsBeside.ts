import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as reservePort } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requestOf, sendEvents } from './alertsDelay.ts';
import type { EngineProcess } from './engine.ts';
import { type Figure, percentile } from './figures.ts';
import type { Receiver } from './receiver.ts';
import { pause, steadily } from './steady.ts';

/**
 * The same faults, seen by Prometheus with Alertmanager and by this engine: the one scrapes and evaluates every second, the
 * other gets the requests as events. Prometheus waits for nothing that is under way, which here is `lateness: 0s`.
 */

/** An engine with its own way of telling. */
export interface Contender {
  engine: EngineProcess;
  path: string;
  timing: Timing;
}

interface Timing {
  every: string;
  lateness: string;
}

/** As Prometheus has it; as rules have it that say nothing of lateness; and as quick as is still of use. */
export const timings: readonly Timing[] = [
  { every: '1s', lateness: '0s' },
  { every: '1s', lateness: '1s' },
  { every: '250ms', lateness: '250ms' },
];

export const rulesBeside = ({ every, lateness }: Timing): string => `lateness: ${lateness}
rules:
  - name: beside
    measure: error_rate
    by: [service]
    window: 1m
    every: ${every}
    critical: { above: 10%, recover: 8% }
routes:
  - { name: at-once, groupBy: [rule, service], groupWait: 0s }
`;

const promRules = `groups:
  - name: beside
    interval: 1s
    rules:
      - alert: beside
        expr: sum by (service) (rate(requests_total{status="error"}[1m])) / sum by (service) (rate(requests_total[1m])) > 0.1
`;

const promConfig = (exporter: number, alertmanager: number, rules: string) => `global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files: ["${rules}"]
alerting:
  alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${alertmanager}"] }] }]
scrape_configs:
  - job_name: bench
    static_configs: [{ targets: ["127.0.0.1:${exporter}"] }]
`;

const alertmanagerConfig = (webhook: string) => `route:
  receiver: bench
  group_by: [alertname, service]
  group_wait: 0s
  group_interval: 1s
receivers:
  - { name: bench, webhook_configs: [{ url: "${webhook}", send_resolved: false }] }
`;

export async function isPrometheusThere(): Promise<boolean> {
  const runs = (program: string) => promisify(execFile)(program, ['--version']);
  return Promise.all([runs('prometheus'), runs('prometheus-alertmanager')]).then(
    () => true,
    () => false,
  );
}

const theirPath = '/theirs';
const services = Array.from({ length: 10 }, (_, i) => `beside-${i}`);
const batchEveryMs = 50;
/** Two hundred requests a second each. */
const requestsPerBatch = 10;
/** Until the windows are full: a sender that is found some seconds late has a shorter past, and crosses sooner. */
const calmMs = 70_000;
/** At moments that have nothing to do with scrapes and evaluations. */
const faultEveryMs = 3_370;
const toldWithinMs = 30_000;

interface Course {
  requests: number;
  failed: number;
  firstFailedAt: number | undefined;
  /** When more than a tenth of what was sent in the last minute had failed. */
  crossedAt: number | undefined;
  sent: { at: number; failed: number }[];
}

export async function besidePrometheus(
  contenders: readonly Contender[],
  receiver: Receiver,
  folder: string,
): Promise<Figure[]> {
  const courses = new Map<string, Course>(services.map((service) => [service, freshCourse()]));
  const others = await startPrometheus(folder, courses, receiver.url(theirPath));
  try {
    await load(contenders, receiver, courses);
  } finally {
    await others.stop();
  }
  return figuresOf(contenders, receiver, courses);
}

const freshCourse = (): Course => ({
  requests: 0,
  failed: 0,
  firstFailedAt: undefined,
  crossedAt: undefined,
  sent: [],
});

async function load(
  contenders: readonly Contender[],
  receiver: Receiver,
  courses: Map<string, Course>,
): Promise<void> {
  const started = Date.now();
  const lastFaultAt = started + calmMs + services.length * faultEveryMs;
  const toldOf = (path: string) =>
    new Set(receiver.received.filter((one) => one.path === path).flatMap((one) => one.services)).size;
  const paths = [theirPath, ...contenders.map(({ path }) => path)];
  const allTold = () => paths.every((path) => toldOf(path) >= services.length);
  await steadily(
    batchEveryMs,
    () => Date.now() < lastFaultAt + toldWithinMs && !allTold(),
    async () => {
      const now = Date.now();
      const events = services.flatMap((service, i) => {
        const failing = now >= started + calmMs + i * faultEveryMs;
        note(courses.get(service) ?? freshCourse(), now, failing);
        return Array.from({ length: requestsPerBatch }, (_, n) =>
          requestOf(service, 'ask', now, failing && n % 2 === 0),
        );
      });
      await Promise.all(contenders.map(({ engine }) => sendEvents(engine, events)));
    },
  );
}

function note(course: Course, at: number, failing: boolean): void {
  const failed = failing ? requestsPerBatch / 2 : 0;
  course.requests += requestsPerBatch;
  course.failed += failed;
  course.sent.push({ at, failed });
  if (!failing) return;
  course.firstFailedAt ??= at;
  if (course.crossedAt !== undefined) return;
  const lastMinute = course.sent.filter((one) => one.at > at - 60_000);
  const failures = lastMinute.reduce((sum, one) => sum + one.failed, 0);
  if (failures / (lastMinute.length * requestsPerBatch) > 0.1) course.crossedAt = at;
}

async function startPrometheus(folder: string, courses: Map<string, Course>, webhook: string) {
  const exporter = createServer((_, answer) => {
    const lines = [...courses].flatMap(([service, { requests, failed }]) => [
      `requests_total{service="${service}",status="error"} ${failed}`,
      `requests_total{service="${service}",status="success"} ${requests - failed}`,
    ]);
    answer.setHeader('content-type', 'text/plain; version=0.0.4');
    answer.end(`# TYPE requests_total counter\n${lines.join('\n')}\n`);
  });
  await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
  const exporterPort = (exporter.address() as AddressInfo).port;
  const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const rules = await file('prometheus-rules.yml', promRules);
  const config = await file('prometheus.yml', promConfig(exporterPort, alertmanagerPort, rules));
  const routes = await file('alertmanager.yml', alertmanagerConfig(webhook));
  const children = [
    run('prometheus-alertmanager', [
      `--config.file=${routes}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
      '--cluster.listen-address=',
    ]),
    run('prometheus', [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
    ]),
  ];
  await untilReady(`http://127.0.0.1:${alertmanagerPort}/-/ready`);
  await untilReady(`http://127.0.0.1:${prometheusPort}/-/ready`);
  return {
    async stop() {
      await Promise.all(children.map(ended));
      exporter.close();
      exporter.closeAllConnections();
    },
  };
}

const run = (program: string, args: string[]): ChildProcess => spawn(program, args, { stdio: 'ignore' });

function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null) return Promise.resolve();
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return exit;
}

async function freePort(): Promise<number> {
  const server = reservePort();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilReady(address: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const answer = await fetch(address).catch(() => undefined);
    if (answer?.status === 200) return;
    await pause(50);
  }
  throw new Error(`${address} did not become ready`);
}

function figuresOf(
  contenders: readonly Contender[],
  receiver: Receiver,
  courses: ReadonlyMap<string, Course>,
): Figure[] {
  const delays = (path: string, since: 'firstFailedAt' | 'crossedAt') =>
    services.map((service) => {
      const told = receiver.received.find((one) => one.path === path && one.services.includes(service));
      const from = courses.get(service)?.[since];
      if (told === undefined || from === undefined) throw new Error(`${path} was not told of ${service}`);
      return told.at - from;
    });
  const theirs = delays(theirPath, 'firstFailedAt');
  const figureOf = (name: string, path: string): Figure => {
    const after = delays(path, 'crossedAt');
    const note = `median; ${spread(after)} after the threshold was crossed`;
    return { name, value: percentile(delays(path, 'firstFailedAt'), 0.5), unit: 'ms', note };
  };
  return [
    figureOf('fault to webhook, Prometheus and Alertmanager', theirPath),
    ...contenders.flatMap(({ path, timing: { every, lateness } }): Figure[] => {
      const ours = delays(path, 'firstFailedAt');
      const sooner = ours.filter((delay, i) => delay < (theirs[i] ?? 0)).length;
      const value = percentile(ours, 0.5) / percentile(theirs, 0.5);
      const note = `sooner in ${sooner} of ${services.length} rounds`;
      const name = `fault to webhook, every ${every}, lateness ${lateness}`;
      return [
        figureOf(name, path),
        { name: `${name}, of theirs`, value, unit: '', aim: { atMost: 1 }, note },
      ];
    }),
  ];
}

const spread = (values: readonly number[]): string =>
  `${Math.min(...values)} to ${Math.max(...values)}, median ${percentile(values, 0.5)} ms`;
