import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { eventsOf } from '../contracts/logEvents.ts';
import { requestAppend } from '../support/notifications.ts';
import { buildProgram, type Running, start } from '../support/program.ts';

const dist = pathToFileURL(join(import.meta.dirname, '../../dist/')).href;
const notifier = join(import.meta.dirname, 'support/notifier.mjs');
const ids = ['n0', 'n1', 'n2'];
/** The one in the middle is where the process dies: something is delivered before it, something waits behind it. */
const victim = 'n1';

/** A receiver that counts what arrives, and can keep one notification waiting for its answer. */
class Receiver {
  readonly arrived: string[] = [];
  keepWaiting: string | undefined;
  onKept = (): void => undefined;
  readonly #server: Server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    this.#take((JSON.parse(body) as { id: string }).id, response);
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take(id: string, response: ServerResponse): void {
    this.arrived.push(id);
    if (id === this.keepWaiting) this.onKept();
    else response.end('ok');
  }
}

let path = '';
let receiver: Receiver;
let address = '';
let running: Running[] = [];

beforeAll(buildProgram, 120_000);
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'chronoscope-notified-'));
  receiver = new Receiver();
  address = await receiver.open();
  await withLog(async (log) => {
    for (const id of ids) await log.append([requestAppend(id, { channel: 'hook' })]);
  });
});
afterEach(async () => {
  for (const one of running) one.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
  receiver.close();
  await rm(path, { recursive: true, force: true });
});

async function withLog<T>(use: (log: Awaited<ReturnType<typeof openLmdbLog>>) => Promise<T>): Promise<T> {
  const log = await openLmdbLog({ path, clock: Date.now });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

function notify(standStillAt = 'nowhere'): Running {
  const child = start(process.execPath, [notifier, dist, path, address, standStillAt], {});
  running.push(child);
  return child;
}

async function killed(child: Running): Promise<void> {
  child.kill('SIGKILL');
  expect(await child.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });
}

async function finished(child: Running): Promise<void> {
  await child.says('all at their end');
  child.kill('SIGTERM');
  expect(await child.ended).toMatchObject({ code: 0, stderr: '' });
}

const story = (events: readonly RecordedEvent[], id: string): string[] =>
  events.flatMap(({ type, data }) =>
    'notification' in data && 'attempt' in data && data.notification === id
      ? [`${type.replace('Notification', '')} ${data.attempt}`]
      : [],
  );

const once = ['Attempted 1', 'Delivered 1'];
const again = ['Attempted 1', 'Attempted 2', 'Delivered 2'];

/** Where it is killed, how often the notification arrives then, and what the log tells of it. */
const table: [where: string, arrivals: number, story: string[]][] = [
  ['before NotificationAttempted', 1, once],
  ['after NotificationAttempted', 1, again],
  ['during the send', 2, again],
  ['before NotificationDelivered', 2, again],
  ['after NotificationDelivered', 1, once],
];

describe('a notifier killed with SIGKILL', () => {
  it.each(table)('%s: arrives %i times, all with one id', async (where, arrivals, told) => {
    if (where === 'during the send') {
      const kept = new Promise<void>((resolve) => {
        receiver.onKept = resolve;
      });
      receiver.keepWaiting = victim;
      const child = notify();
      await kept;
      await killed(child);
      receiver.keepWaiting = undefined;
    } else {
      const child = notify(`${where} ${victim}`);
      await child.says(`at ${where} ${victim}`);
      await killed(child);
    }
    await finished(notify());

    const count = (id: string) => receiver.arrived.filter((arrived) => arrived === id).length;
    expect(ids.map(count)).toEqual([1, arrivals, 1]);
    const events = await withLog((log) => eventsOf(log.read()));
    expect(ids.map((id) => story(events, id))).toEqual([once, told, once]);
  });

  it('twice during the send: is sent once more for each crash', async () => {
    receiver.keepWaiting = victim;
    for (let crash = 0; crash < 2; crash++) {
      const kept = new Promise<void>((resolve) => {
        receiver.onKept = resolve;
      });
      const child = notify();
      await kept;
      await killed(child);
    }
    receiver.keepWaiting = undefined;
    await finished(notify());
    expect(receiver.arrived.sort()).toEqual(['n0', 'n1', 'n1', 'n1', 'n2']);
  });

  it('after all: sends nothing again', async () => {
    const child = notify();
    await child.says('all at their end');
    await killed(child);
    await withLog((log) => log.append([requestAppend('n3', { channel: 'hook' })]));
    await finished(notify());
    expect(receiver.arrived.sort()).toEqual(['n0', 'n1', 'n2', 'n3']);
  });
});
