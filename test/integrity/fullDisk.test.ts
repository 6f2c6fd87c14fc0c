import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { post, sqlRows, startEngine } from '../support/liveEngine.ts';
import { buildProgram } from '../support/program.ts';

/** A disk of its own that can be filled up: needs the right to mount. */
function smallDisk(): { folder: string; remove: () => void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'chronoscope-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  return {
    folder,
    remove() {
      execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const disk = smallDisk();
if (disk === undefined) {
  console.warn('SKIPPED: "a full disk loses nothing" needs the right to mount a small tmpfs (root, Linux).');
}

async function fillUp(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const size of [1 << 20, 1 << 12]) {
      const chunk = Buffer.alloc(size, 1);
      for (;;) await file.write(chunk);
    }
  } catch {
    // Full, which is what was wanted.
  }
  for (;;) {
    try {
      await file.write(Buffer.alloc(512, 1));
    } catch {
      break;
    }
  }
  await file.close();
}

describe.skipIf(disk === undefined)('a disk', () => {
  const folder = disk?.folder ?? '';
  beforeAll(buildProgram, 120_000);
  afterAll(() => disk?.remove());

  it('a full disk loses nothing: refused with a reason, taken again once there is room', {
    timeout: 120_000,
  }, async () => {
    const engine = await startEngine(join(folder, 'data'));
    let sent = 0;
    const send = () => {
      const events = Array.from({ length: 200 }, () => ({
        type: 'request',
        operation: 'search',
        durationMs: 1,
        requestId: `full-${sent++}`,
        attributes: { filler: Math.random().toString(36).repeat(20) },
      }));
      return post(engine.origin, JSON.stringify(events));
    };
    let acknowledged = 0;
    for (let i = 0; i < 5; i++) {
      expect((await send()).status).toBe(200);
      acknowledged += 200;
    }
    const ballast = join(folder, 'ballast');
    await fillUp(ballast);
    let refused: Response | undefined;
    // What is in the files already may have room for a few more.
    for (let i = 0; i < 400 && refused === undefined; i++) {
      const answer = await send();
      if (answer.status === 200) acknowledged += 200;
      else refused = answer;
    }
    expect(refused?.status).toBe(503);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused?.json()).toMatchObject({
      error: { code: 'CHR_LOG_UNAVAILABLE', details: { reason: 'disk_full' } },
    });
    expect((await fetch(`${engine.origin}/health`)).status).toBe(200);

    await rm(ballast);
    await vi.waitFor(
      async () => {
        const answer = await send();
        expect(answer.status).toBe(200);
        acknowledged += 200;
      },
      { timeout: 20_000, interval: 500 },
    );
    await vi.waitFor(
      async () =>
        expect(await sqlRows(engine, 'SELECT count(), uniqExact(request_id) FROM requests')).toEqual([
          [String(acknowledged), String(acknowledged)],
        ]),
      { timeout: 60_000, interval: 500 },
    );
    engine.program.kill('SIGTERM');
    expect((await engine.program.ended).code).toBe(0);
  });
});
