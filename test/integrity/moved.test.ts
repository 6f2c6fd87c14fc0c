import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { eventsOf } from '../contracts/logEvents.ts';
import { type EventStoreStandIn, startEventStoreStandIn } from '../support/eventstore/standIn.ts';
import { post, startEngine, temporaryFolder } from '../support/liveEngine.ts';
import { buildProgram, runProgram, startProgram } from '../support/program.ts';

let folder = '';
let remove = async () => {};
let standIn: EventStoreStandIn;
beforeAll(buildProgram, 120_000);
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  standIn = await startEventStoreStandIn();
});
afterEach(async () => {
  standIn.stop();
  await remove();
});

const at = (name: string) => join(folder, name);

async function logOf(name: string): Promise<Omit<RecordedEvent, 'position'>[]> {
  const log = await openLmdbLog({ path: join(at(name), 'log'), clock: Date.now });
  try {
    return (await eventsOf(log.read())).map(({ position: _, ...rest }) => rest);
  } finally {
    await log.close();
  }
}

async function fill(name: string): Promise<void> {
  const engine = await startEngine(at(name));
  for (let batch = 0; batch < 3; batch++) {
    const lines = Array.from({ length: 100 }, (_, i) =>
      JSON.stringify({
        type: i % 3 === 0 ? 'error' : 'request',
        service: `bot-${i % 4}`,
        operation: 'search',
        requestId: `r-${batch}-${i % 20}`,
        ...(i % 3 === 0
          ? { errorCode: 'BOOM', errorMessage: 'ü broke' }
          : { status: 'success', durationMs: i }),
      }),
    );
    expect((await post(engine.origin, lines.join('\n'), 'application/x-ndjson')).status).toBe(200);
  }
  engine.program.kill('SIGTERM');
  await engine.program.ended;
}

const migrate = (from: string, to: string) =>
  runProgram(['migrate', '--from', from, '--to', to, '--json'], { CHRONOSCOPE_DATA: at('here') });

describe('a log that is moved from a folder to a server (a stand-in for EventStoreDB) and back', () => {
  it('is the same: ids, order, times, streams', { timeout: 120_000 }, async () => {
    await fill('here');
    const there = await migrate('lmdb:', standIn.url);
    expect(there.code, there.stderr).toBe(0);
    const back = await migrate(standIn.url, `lmdb:${at('back')}`);
    expect(back.code, back.stderr).toBe(0);
    expect(JSON.parse(back.stdout).checksum).toBe(JSON.parse(there.stdout).checksum);
    expect(await logOf('back')).toEqual(await logOf('here'));
  });

  it('goes on where a kill -9 cut it off', { timeout: 120_000 }, async () => {
    await fill('here');
    const moving = startProgram(['migrate', '--to', standIn.url], { CHRONOSCOPE_DATA: at('here') });
    await expect.poll(() => standIn.database.events.length, { timeout: 30_000 }).toBeGreaterThan(50);
    moving.kill('SIGKILL');
    await moving.ended;
    const again = await migrate('lmdb:', standIn.url);
    expect(again.code, again.stderr).toBe(0);
    const { events, present } = JSON.parse(again.stdout);
    expect(events).toBe((await logOf('here')).length);
    expect(present).toBeGreaterThan(0);
  });
});
