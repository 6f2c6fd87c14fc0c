import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBot } from '../../src/api/cli/demo/bot.ts';
import { type Memory, recall, remember } from '../../src/api/cli/demo/memory.ts';
import { createSender } from '../../src/api/cli/demo/sender.ts';
import type { SimulatedEvent } from '../../src/domain/simulation/requests.ts';
import { minuteMs } from '../../src/domain/simulation/simulation.ts';

/** A door that remembers ids, answers as it is told and says when it has heard enough. */
async function openDoor(answers: { status: number; headers?: Record<string, string> }[] = []) {
  const received = new Map<string, SimulatedEvent>();
  const requests: { key: string | undefined; events: number }[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const events = body.split('\n').map((line) => JSON.parse(line) as SimulatedEvent);
      const { status, headers } = answers.shift() ?? { status: 200 };
      requests.push({ key: request.headers.authorization, events: events.length });
      if (status === 200) for (const event of events) received.set(event.id, event);
      response.writeHead(status, headers).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as { port: number }).port;
  const close = () => new Promise((resolve) => server.close(resolve));
  return { address: `http://127.0.0.1:${port}`, received, requests, close };
}

const event = (id: string): SimulatedEvent => ({ id, time: 1, type: 'log', message: 'x' });
const forever = new AbortController().signal;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chronoscope-demo-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the sender', () => {
  it('sends again what the door could not take', async () => {
    const busy = { status: 503, headers: { 'retry-after': '0' } };
    const door = await openDoor([busy, { status: 429, headers: { 'retry-after': '1' } }]);
    await createSender({ address: door.address, key: 'k' }).send([event('1'), event('2')], forever);
    await door.close();
    expect(door.requests).toEqual(Array(3).fill({ key: 'Bearer k', events: 2 }));
    expect([...door.received.keys()]).toEqual(['1', '2']);
  });

  it('gives up on what no repetition will change', async () => {
    const door = await openDoor([{ status: 401 }]);
    const sent = createSender({ address: door.address, key: 'k' }).send([event('1')], forever);
    await expect(sent).rejects.toThrow('refused the simulated events (401)');
    await door.close();
  });

  it('stops trying when it is told to end', async () => {
    const ending = new AbortController();
    const sent = createSender({ address: 'http://127.0.0.1:9', key: 'k' }).send([event('1')], ending.signal);
    ending.abort();
    await expect(sent).rejects.toThrow();
  });
});

describe('the bot', () => {
  const start = Date.parse('2026-03-12T14:30:20Z');
  const anchor = Date.parse('2026-03-12T14:30:00Z');
  const pastMs = 180 * minuteMs;

  /** Runs it until it is live, or until `until` says so. */
  async function run(address: string, options: { memory?: Memory; until?: (kept: Memory) => boolean }) {
    const ending = new AbortController();
    const kept: Memory[] = [];
    await runBot({
      address,
      key: 'k',
      memory: options.memory,
      seed: 's',
      pastMs,
      clock: () => start,
      keep: async (memory) => {
        kept.push(memory);
        await remember(folder, memory);
        if (options.until?.(memory)) ending.abort();
      },
      onPast: () => undefined,
      onLive: () => ending.abort(),
      signal: ending.signal,
    }).catch((error: unknown) => {
      if (!ending.signal.aborted) throw error;
    });
    return kept;
  }

  it('tells its past once, in order, in batches, and remembers that it has', async () => {
    const door = await openDoor();
    const kept = await run(door.address, {});
    const times = [...door.received.values()].map(({ time }) => time);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(anchor - pastMs);
    expect(Math.min(...times)).toBeLessThan(anchor - pastMs + minuteMs);
    expect(Math.max(...times)).toBeLessThanOrEqual(start);
    expect(door.received.size).toBeGreaterThan(10_000);
    expect(Math.max(...door.requests.map(({ events }) => events))).toBe(1_000);
    expect(kept.at(-1)).toEqual({ seed: 's', anchor, sentTo: anchor });
    const before = door.received.size;
    const { sentTo, ...rest } = (await recall(folder)) ?? { sentTo: 0 };
    await run(door.address, { memory: { ...rest, sentTo } as Memory });
    expect(door.received.size - before).toBeLessThan(1_000);
    await door.close();
  });

  it('goes on where it was interrupted', async () => {
    const door = await openDoor();
    const [first] = await run(door.address, { until: ({ sentTo }) => sentTo > anchor - 90 * minuteMs });
    expect(first?.sentTo).toBe(anchor - pastMs);
    const memory = await recall(folder);
    expect(memory?.sentTo).toBeGreaterThan(anchor - 90 * minuteMs);
    const before = [...door.received.keys()];
    if (memory !== undefined) await run(door.address, { memory });
    const after = [...door.received.values()].slice(before.length);
    expect(Math.min(...after.map(({ time }) => time))).toBeGreaterThanOrEqual(
      (memory?.sentTo ?? 0) - minuteMs,
    );
    await door.close();
  });

  it('begins anew when its memory is damaged', async () => {
    await writeFile(join(folder, 'demo.json'), '{"seed":');
    expect(await recall(folder)).toBeUndefined();
  });
});
