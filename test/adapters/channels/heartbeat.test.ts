import { expect, onTestFinished, test, vi } from 'vitest';
import { createHeartbeat, type HeartbeatOptions } from '../../../src/adapters/channels/heartbeat.ts';
import { answering, closedAddress, startReceiver } from '../../support/channels/receiver.ts';

function heartbeatTo(url: string, options: Partial<HeartbeatOptions> = {}) {
  const heartbeat = createHeartbeat({
    url: `${url}/ping/uuid-as-a-secret`,
    everyMs: 20,
    alive: () => true,
    state: () => ({ state: 'deciding', position: '42' }),
    version: '1',
    onFault: () => {},
    timeoutMs: 2_000,
    ...options,
  });
  onTestFinished(() => heartbeat.close());
  return heartbeat;
}

test('somebody outside hears from the engine again and again, and how it stands', async () => {
  const { url, received } = await startReceiver(answering(200));
  heartbeatTo(url);
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(2));
  expect(received[0]).toMatchObject({ method: 'POST', path: '/ping/uuid-as-a-secret' });
  expect(JSON.parse(received[0]?.body ?? '')).toEqual({ state: 'deciding', position: '42' });
});

test('nothing is heard while alerts are not being decided', async () => {
  const { url, received } = await startReceiver(answering(200));
  let asked = 0;
  heartbeatTo(url, {
    alive: () => {
      asked += 1;
      return asked > 3;
    },
  });
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(0));
  expect(asked).toBeGreaterThan(3);
});

test('a watcher that takes a GET only gets one', async () => {
  const { url, received } = await startReceiver(({ method }, response) => {
    response.writeHead(method === 'GET' ? 200 : 404).end();
  });
  const faults: string[] = [];
  heartbeatTo(url, { onFault: (reason) => faults.push(reason) });
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(3));
  expect(received.map(({ method }) => method).slice(0, 4)).toEqual(['POST', 'GET', 'GET', 'GET']);
  expect(faults).toEqual([]);
});

test('a beat that is not taken is told, without the address', async () => {
  const { url } = await startReceiver(answering(503));
  const faults: string[] = [];
  heartbeatTo(url, { onFault: (reason) => faults.push(reason) });
  heartbeatTo(await closedAddress(), { onFault: (reason) => faults.push(reason) });
  await vi.waitFor(() => expect(new Set(faults).size).toBeGreaterThan(1));
  expect(new Set(faults)).toEqual(new Set(['status 503', 'the connection failed (ECONNREFUSED)']));
});

test('closing ends a beat that is under way, and none comes after', async () => {
  const { url, received } = await startReceiver(() => {});
  const faults: string[] = [];
  const heartbeat = heartbeatTo(url, { everyMs: 10_000, onFault: (reason) => faults.push(reason) });
  await vi.waitFor(() => expect(received).toHaveLength(1));
  await heartbeat.close();
  expect(faults).toEqual([]);
  expect(received).toHaveLength(1);
});
