import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { post, readLog, sqlRows, startEngine, temporaryFolder } from '../support/liveEngine.ts';
import { buildProgram } from '../support/program.ts';

describe('a sender that is not sure', () => {
  beforeAll(buildProgram, 120_000);

  it('delivered twice counts once, within a request, between requests and after a restart', {
    timeout: 120_000,
  }, async () => {
    const { folder, remove } = await temporaryFolder();
    const ids = Array.from({ length: 300 }, () => randomUUID());
    const bodyOf = (some: readonly string[]) =>
      JSON.stringify(some.map((id) => ({ id, type: 'request', operation: 'save', durationMs: 5 })));
    const send = async (origin: string, some: readonly string[]) =>
      (await (await post(origin, bodyOf(some))).json()) as { accepted: number; duplicates: number };

    let engine = await startEngine(folder);
    const half = ids.slice(0, 150);
    expect(await send(engine.origin, [...half, ...half])).toMatchObject({ accepted: 150, duplicates: 150 });
    const both = await Promise.all([send(engine.origin, ids), send(engine.origin, ids)]);
    expect(both.reduce((sum, answer) => sum + answer.accepted, 0)).toBe(150);
    engine.program.kill('SIGKILL');
    await engine.program.ended;

    engine = await startEngine(folder);
    expect(await send(engine.origin, ids)).toMatchObject({ accepted: 0, duplicates: 300 });
    await vi.waitFor(
      async () => {
        expect(await sqlRows(engine, 'SELECT count(), uniqExact(id) FROM requests')).toEqual([
          ['300', '300'],
        ]);
        expect(await sqlRows(engine, 'SELECT sum(count) FROM latency_1m')).toEqual([['300']]);
      },
      { timeout: 20_000, interval: 100 },
    );
    engine.program.kill('SIGTERM');
    await engine.program.ended;
    expect((await readLog(folder)).filter((event) => event.type === 'RequestCompleted')).toHaveLength(300);
    await remove();
  });
});
