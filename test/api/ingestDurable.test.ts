import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { nativeExamples } from '../../src/domain/native/examples.ts';
import { createRedactor } from '../../src/domain/redaction/redactor.ts';
import { type Door, noon, openDoor, readAll, send, sendJson } from '../support/ingest.ts';

const clock = () => noon;
const redact = createRedactor().redactEvent;
let path: string;
let door: Door;

async function open(): Promise<Door> {
  const log = await openLmdbLog({ path: join(path, 'log'), clock });
  return openDoor({ log, memory: log, redact });
}

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'chronoscope-ingest-'));
  door = await open();
});
afterEach(async () => {
  await door.close();
  await rm(path, { recursive: true });
});

describe('with the log on disk', () => {
  it('what was acknowledged is there after a restart, each event once', async () => {
    const examples = Object.values(nativeExamples).map((example, i) => ({
      ...example,
      id: `01939e1f-5b1c-7d35-8f52-00000000000${i}`,
    }));
    const first = await sendJson(door, examples.slice(0, 6));
    expect(first.body).toMatchObject({ accepted: 6 });
    await door.close();
    door = await open();
    const second = await sendJson(door, examples);
    expect(second.body).toMatchObject({ accepted: 4, duplicates: 6, position: await door.log.head() });
    expect((await door.stored()).map(({ id }) => id)).toEqual(examples.map(({ id }) => id));
  });

  it('takes the longest names and the oddest texts, and gives them back as they are', async () => {
    const service = '🔥'.repeat(100);
    const native = {
      type: 'log',
      service,
      requestId: 'é'.repeat(200),
      userId: '\u0001\u001f',
      message: 'm'.repeat(70_000),
      attributes: Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, '\ud800x'])),
    };
    const project = 'p'.repeat(200);
    const all = { authorization: 'Bearer ingest-all' };
    const answers = [
      await send(door, JSON.stringify(native), all, `?project=${project}`),
      await send(door, JSON.stringify({ type: 'log', service, message: 'm' }), all, `?project=${project}`),
      await sendJson(door, { type: 'job', name: 'ж'.repeat(300) }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const [event] = await readAll(door.log);
    expect(event).toMatchObject({ project, service, userId: '\u0001\u001f', requestId: native.requestId });
    expect(event?.data).toMatchObject({ attributes: { k0: '\ufffdx', k63: '\ufffdx' } });
  });

  it('nothing secret is in it', async () => {
    const secret = 'Bearer abcdefghijklmnopqrstuvwxyz0123456789'; // secrets:allow
    const { body } = await sendJson(door, {
      type: 'log',
      message: `sent ${secret}`,
      attributes: { password: 'hunter2-long' },
    });
    expect(body).toMatchObject({ accepted: 1 });
    const text = JSON.stringify(await door.stored());
    expect(text).not.toContain('abcdefghijklmnopqrstuvwxyz0123456789');
    expect(text).not.toContain('hunter2-long');
  });
});
