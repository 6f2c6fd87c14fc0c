import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adminKey,
  type LiveEngine,
  post,
  readLog,
  sqlRows,
  startEngine,
  temporaryFolder,
} from '../support/liveEngine.ts';
import { buildProgram, runProgram } from '../support/program.ts';

/** `KILL_ROUNDS=50 npx vitest run test/integrity/killed.test.ts` is the nightly form. */
const rounds = Number(process.env.KILL_ROUNDS ?? 5);

interface Sent {
  acknowledged: Set<string>;
  /** Sent, but the process died before it answered: these may be there or not, but never twice. */
  uncertain: Set<string>;
}

const batchOf = (ids: readonly string[]): string =>
  ids
    .map((id, i) =>
      JSON.stringify({
        id,
        type: 'request',
        operation: `op${i % 3}`,
        durationMs: i,
        userId: `u${i % 7}`,
        requestId: `r-${id}`,
      }),
    )
    .join('\n');

/** Sends until the engine is gone. What a dead engine left unanswered is sent again to the next one, as a client does. */
async function sendUntilDead({ origin }: LiveEngine, sent: Sent): Promise<void> {
  for (;;) {
    const again = [...sent.uncertain].slice(0, 40);
    const ids = [...again, ...Array.from({ length: 60 }, () => randomUUID())];
    for (const id of ids) sent.uncertain.add(id);
    try {
      const answer = await post(origin, batchOf(ids), 'application/x-ndjson');
      if (answer.status !== 200) throw new Error(await answer.text());
      await answer.json();
    } catch {
      return;
    }
    for (const id of ids) {
      sent.uncertain.delete(id);
      sent.acknowledged.add(id);
    }
  }
}

/** Resolves when every projection has passed what is the head of the log now. */
async function caughtUp({ origin }: LiveEngine): Promise<void> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const { head } = (await (await fetch(`${origin}/v1/positions`, { headers })).json()) as { head: string };
  const passed = await fetch(`${origin}/v1/positions?after=${head}&wait=40s`, { headers });
  expect(passed.status).toBe(200);
}

describe('a process that is killed', () => {
  beforeAll(buildProgram, 120_000);

  it('an acknowledged event survives kill -9, exactly once in log and in views', {
    timeout: 60_000 + rounds * 30_000,
  }, async () => {
    const { folder, remove } = await temporaryFolder();
    const sent: Sent = { acknowledged: new Set(), uncertain: new Set() };
    for (let round = 0; round < rounds; round++) {
      const engine = await startEngine(folder);
      const senders = Array.from({ length: 3 }, () => sendUntilDead(engine, sent));
      // Somewhere in the middle of appends, inserts, checkpoints and merges.
      await wait(100 + Math.random() * 2_000);
      engine.program.kill('SIGKILL');
      await Promise.all([...senders, engine.program.ended]);
    }
    expect(sent.acknowledged.size).toBeGreaterThan(rounds * 60);

    const engine = await startEngine(folder);
    const ids = [...sent.uncertain].slice(0, 60);
    if (ids.length > 0)
      expect((await post(engine.origin, batchOf(ids), 'application/x-ndjson')).status).toBe(200);
    await caughtUp(engine);
    const [[seen = '0'] = []] = await sqlRows(engine, 'SELECT uniqExact(id) FROM requests');
    const [[lines = '0'] = []] = await sqlRows(engine, "SELECT count() FROM timeline WHERE kind = 'request'");
    expect(lines).toBe(seen);
    const inView = (await sqlRows(engine, 'SELECT toString(id) FROM requests')).map(([id]) => id ?? '');
    const [[rolledUp] = []] = await sqlRows(engine, 'SELECT sum(count) FROM latency_1m');
    engine.program.kill('SIGTERM');
    expect((await engine.program.ended).code).toBe(0);

    const inLog = (await readLog(folder)).filter((e) => e.type === 'RequestCompleted').map((e) => e.id);
    expect(new Set(inLog).size, 'every id once in the log').toBe(inLog.length);
    expect(new Set(inView).size, 'every id once in the view').toBe(inView.length);
    expect([...inView].sort()).toEqual([...inLog].sort());
    expect(rolledUp).toBe(String(inLog.length));
    const present = new Set(inLog);
    expect([...sent.acknowledged].filter((id) => !present.has(id))).toEqual([]);

    const verified = await runProgram(['verify'], {
      CHRONOSCOPE_DATA: folder,
      CHRONOSCOPE_ADMIN_KEY: adminKey,
    });
    expect(verified.code, verified.stdout + verified.stderr).toBe(0);
    await remove();
  });
});
