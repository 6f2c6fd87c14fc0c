import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { alertParts, benchAlerts } from './alerts.ts';
import { prepareBodies } from './bodies.ts';
import { benchDistributed, distributedParts, fewEvents } from './distributed.ts';
import { startEngine } from './engine.ts';
import { type Figure, table } from './figures.ts';
import { bytesOf, fill, offeredLoad, reads, rebuildSpeed, settledBytesOf } from './scenarios.ts';
import { createTraffic } from './traffic.ts';

/**
 * Everything in one run, on this machine as it is: figures are to be compared with the floor of the same run.
 * `--events` makes a smaller one, `--only engine`, `--only alerts`, `--only distributed` or one of the parts of the last
 * two (`decided`, `memory`, `relay`, `lanes` …) that part alone.
 */
const { values } = parseArgs({
  options: { events: { type: 'string' }, only: { type: 'string' } },
});
const { only } = values;
const alertPart = alertParts.find((part) => part === only);
const distributedPart = distributedParts.find((part) => part === only);
const isDistributed = only === 'distributed' || distributedPart !== undefined;
const events = Number(values.events ?? (isDistributed ? fewEvents : 10_000_000));

const say = (text: string) => process.stderr.write(`${text}\n`);
const figures: Figure[] = [];
const add = (...more: Figure[]) => {
  figures.push(...more);
  for (const figure of more) say(`  ${figure.name}: ${figure.value.toPrecision(4)} ${figure.unit}`);
};

const wholes = ['engine', 'alerts', 'distributed'];
const [isAll, isPart] = [only === undefined, (alertPart ?? distributedPart) !== undefined];
if (!isAll && !isPart && !wholes.includes(only ?? ''))
  throw new Error(`--only is one of ${[...wholes, ...alertParts, ...distributedParts].join(', ')}`);
if (isAll || only === 'engine') await benchEngine();
if (isAll || only === 'alerts' || alertPart !== undefined) await benchAlerts({ say, add, only: alertPart });
if (isAll || isDistributed)
  await benchDistributed({ say, add, only: distributedPart, events: isAll ? fewEvents : events });
await writeFile('bench-results.json', `${JSON.stringify({ events, figures }, null, 2)}\n`);
process.stdout.write(`${table(figures)}\n`);

async function benchEngine(): Promise<void> {
  say('floor: the same rows straight into the same tables');
  const floor = await floorOf(Math.min(events, 800_000));
  add({ name: 'floor', value: floor, unit: 'events/s' });
  const folder = await mkdtemp(join(tmpdir(), 'chronoscope-bench-'));
  try {
    await run(folder, floor);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(folder: string, floor: number): Promise<void> {
  let engine = await startEngine(folder);
  add({ name: 'start to ready, empty', value: engine.readyAfterMs, unit: 'ms', aim: { atMost: 2000 } });

  say('making request bodies');
  const traffic = createTraffic({ seed: 7, start: Date.now() - 7_200_000, eventsPerSecond: events / 7_000 });
  const bodies = await prepareBodies(join(folder, 'bodies'), traffic, { events, eventsPerBody: 1_000 });

  say(`filling with ${events.toLocaleString('en-US')} events in batches of 1,000`);
  const millions: number[] = [];
  const filled = await fill(engine, bodies, (seconds) => {
    millions.push(seconds);
    say(`  million ${millions.length}: ${Math.round(1e6 / seconds).toLocaleString('en-US')} events/s`);
  });
  await bodies.close();
  await rm(join(folder, 'bodies'));
  add(
    { name: 'acknowledged, durable', value: filled.acknowledgedPerSecond, unit: 'events/s' },
    {
      name: 'through to queryable',
      value: filled.queryablePerSecond,
      unit: 'events/s',
      aim: { atLeast: 60_000 },
    },
    {
      name: 'through to queryable, of the floor',
      value: filled.queryablePerSecond / floor,
      unit: '',
      aim: { atLeast: 0.4 },
    },
  );
  const [first] = millions;
  const last = millions.at(-1);
  if (first !== undefined && last !== undefined && millions.length > 1) {
    add({ name: 'last million against the first', value: first / last, unit: '', aim: { atLeast: 0.9 } });
  }

  // What a fill at full speed leaves to merge is not part of the steady load.
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  say('10,000 events/s offered');
  add(...(await offeredLoad(engine, 20)));
  say('reads');
  add(...(await reads(engine, 100)));
  add({
    name: 'resident memory, peak before rebuild',
    value: engine.peakRssBytes() / 1e6,
    unit: 'MB',
    aim: { atMost: 512 },
  });
  say('rebuild');
  add(await rebuildSpeed(engine, events));
  add({
    name: 'resident memory, peak with rebuild',
    value: engine.peakRssBytes() / 1e6,
    unit: 'MB',
    aim: { atMost: 512 },
    note: `${Math.round(engine.peakOwnBytes() / 1e6)} MB without the pages of mapped files`,
  });
  say('disk, when replaced parts are gone');
  const readFolder = join(folder, 'read');
  const rightAway = (await bytesOf(readFolder)) / events;
  add({
    name: 'read models on disk',
    value: (await settledBytesOf(readFolder)) / events,
    unit: 'B/event',
    aim: { atMost: 40 },
    note: `${rightAway.toFixed(0)} B right after the rebuild`,
  });
  await engine.stop();
  add({
    name: 'log on disk',
    value: (await bytesOf(join(folder, 'log'))) / events,
    unit: 'B/event',
    aim: { atMost: 120 },
  });
  engine = await startEngine(folder);
  add({ name: 'start to ready, full', value: engine.readyAfterMs, unit: 'ms', aim: { atMost: 4000 } });
  await engine.stop();
}

async function floorOf(count: number): Promise<number> {
  const program = fileURLToPath(new URL('./floor.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, String(count)], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '12' },
  });
  return (JSON.parse(stdout) as { eventsPerSecond: number }).eventsPerSecond;
}
