import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { eventsOf, streamOf } from '../contracts/logEvents.ts';
import { buildProgram, start } from '../support/program.ts';

const built = pathToFileURL(join(import.meta.dirname, '../../dist/adapters/lmdb/eventLog.js')).href;

/** Appends without end, in calls of all sizes, with housekeeping beside it, and says each call that was stored. */
const writerProgram = (path: string, round: number) => `
  const { openLmdbLog } = await import(${JSON.stringify(built)});
  const log = await openLmdbLog({ path: ${JSON.stringify(path)}, clock: Date.now, idsPerSegment: 300 });
  const hex = (n, length) => n.toString(16).padStart(length, '0');
  let call = 0;
  const one = async (lane) => {
    for (;;) {
      const number = call++;
      const size = [1, 3, 40, 200][number % 4];
      const events = Array.from({ length: size }, (_, i) => ({
        id: '0192f0c1-' + hex(${round}, 4) + '-7000-8' + hex(i, 3) + '-' + hex(number, 12),
        type: 'LogWritten', version: 1, occurredAt: Date.now(), project: 'shop', service: 'bot',
        data: { level: 'info', message: 'call ' + number + ' event ' + i },
      }));
      const outcome = await log.append([{ stream: 'lane-${round}-' + lane, events, expected: 'any' }]);
      if (outcome.appended !== size) throw new Error('not all were new');
      process.stdout.write(number + ' ' + size + '\\n');
    }
  };
  for (let lane = 0; lane < 4; lane++) void one(lane);
  for (;;) { await new Promise((resolve) => setTimeout(resolve, 20)); await log.maintain(); }
`;

const ROUNDS = Number(process.env.LOG_KILLS ?? 5);
let path = '';

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'chronoscope-killed-'));
  await buildProgram();
});
afterAll(() => rm(path, { recursive: true, force: true }));

const hex = (number: number, length: number) => number.toString(16).padStart(length, '0');

function idsOf(stdout: string, round: number): string[] {
  const lines = stdout.split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    const [call = 0, size = 0] = line.split(' ').map(Number);
    return Array.from(
      { length: size },
      (_, i) => `0192f0c1-${hex(round, 4)}-7000-8${hex(i, 3)}-${hex(call, 12)}`,
    );
  });
}

describe('an acknowledged event survives kill -9', () => {
  it(`${ROUNDS} times at any moment, and is there exactly once`, {
    timeout: 60_000 + ROUNDS * 20_000,
  }, async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const writer = start(process.execPath, ['--input-type=module', '-e', writerProgram(path, round)], {});
      await writer.says(/\d+ \d+\n/);
      await wait(Math.random() * 400);
      writer.kill('SIGKILL');
      const { stdout, stderr } = await writer.ended;
      expect(stderr).toBe('');
      acknowledged.push(...idsOf(stdout, round));

      const log = await openLmdbLog({ path, clock: Date.now, idsPerSegment: 300 });
      const events = await eventsOf(log.read());
      const stored = new Set(events.map(({ id }) => id));
      expect(stored.size).toBe(events.length);
      expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
      expect(events.map(({ position }) => Number(position))).toEqual(events.map((_, i) => i + 1));
      const lane = await streamOf(log.readStream(`lane-${round}-2`));
      expect(lane).toEqual(events.filter(({ stream }) => stream === `lane-${round}-2`));
      const again = events.slice(0, 500).map(({ recordedAt, position, stream, ...event }) => event);
      const outcome = await log.append([{ stream: 'again', events: again as never, expected: 'any' }]);
      expect(outcome).toMatchObject({ appended: 0, duplicates: again.length });
      await log.close();
    }
    expect(acknowledged.length).toBeGreaterThan(ROUNDS * 10);
  });
});
