import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryLog } from '../../../src/adapters/memory/eventLog.ts';
import { createMemoryLaneTopic } from '../../../src/adapters/memory/laneTopic.ts';
import { compareNumbered } from '../../../src/adapters/numberedFeed.ts';
import type { RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { laneOf } from '../../../src/domain/lanes.ts';
import { asPosition } from '../../../src/domain/position.ts';
import { createChains } from '../../../src/projections/lanes/chains.ts';
import type { LaneMessage, LaneWriter } from '../../../src/projections/lanes/ports.ts';
import { createRelay, type Relay } from '../../../src/projections/lanes/relay.ts';
import type { EventLog } from '../../../src/projections/ports.ts';
import { event } from '../../support/events.ts';

const lanes = 3;
const at = (position: number) => asPosition(String(position));

let log: EventLog;
let written: LaneMessage[][];
let topic: ReturnType<typeof createMemoryLaneTopic>;
let relays: Relay[];

beforeEach(() => {
  log = createMemoryLog({ clock: () => 1_790_000_000_000 });
  topic = createMemoryLaneTopic({ lanes, compare: compareNumbered });
  written = Array.from({ length: lanes }, () => []);
  relays = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await log.close();
  await Promise.all(relays.map((relay) => relay.stop()));
});

const noting = (writer: LaneWriter): LaneWriter => ({
  ...writer,
  async write(messages) {
    await writer.write(messages);
    for (const [lane, added] of messages) written[lane]?.push(...added);
  },
});

function relay(writer = noting(topic.writer), failures: unknown[] = []): Relay {
  const observer = { relayed: () => undefined, failed: (error: unknown) => void failures.push(error) };
  const one = createRelay({ log, writer, clock: () => 1_790_000_000_000, observer });
  relays.push(one);
  one.start();
  return one;
}

const append = async (count: number, service = (index: number) => `bot ${index % 7}`): Promise<void> => {
  const events = Array.from({ length: count }, (_, index) =>
    event('LogWritten', { service: service(index) }),
  );
  await log.append([{ stream: 's', events, expected: 'any' }]);
};

const caughtUp = async (): Promise<void> => {
  const head = await log.head();
  await vi.waitFor(async () => expect(await topic.writer.newest()).toEqual(Array(lanes).fill(head)), 5_000);
};

/** Each lane holds just its events of the log, once what its messages tell to be missing has been read there. */
async function expectWhole(): Promise<void> {
  const events: RecordedEvent[] = [];
  for await (const batch of log.read()) events.push(...batch.events);
  written.forEach((messages, lane) => {
    const ofLane = events.filter((one) => laneOf(one, lanes) === lane).map((one) => Number(one.position));
    let last = 0;
    const positions: number[] = [];
    for (const { previous, position, event: one } of messages) {
      const [from, to] = [Number(previous ?? 0), Number(position)];
      if (to <= last) continue;
      positions.push(...ofLane.filter((missing) => missing > last && missing <= from));
      if (one !== undefined) positions.push(to);
      last = to;
    }
    expect(positions).toEqual(ofLane);
  });
}

describe('the relay', () => {
  it('writes every event to its lane once, in order, and each lane knows how far the log has come', async () => {
    await append(5_000);
    relay();
    await caughtUp();
    await append(3);
    await caughtUp();
    await expectWhole();
    expect(written.flat().filter((message) => message.event !== undefined)).toHaveLength(5_003);
  });

  it('moves lanes without traffic on with the others', async () => {
    relay();
    await append(10, () => 'the only one');
    await caughtUp();
    const empty = written.filter((messages) => messages.every((message) => message.event === undefined));
    expect(empty).toHaveLength(lanes - 1);
    for (const messages of empty) expect(messages.at(-1)?.position).toBe('10');
  });

  it('goes on from what the lanes hold when it begins again', async () => {
    await append(50);
    const first = relay();
    await caughtUp();
    await first.stop();
    await append(20);
    relay();
    await caughtUp();
    await expectWhole();
    expect(written.flat().filter((message) => message.event !== undefined)).toHaveLength(70);
  });

  it('does no harm when there are two of it', async () => {
    relay();
    relay();
    for (let i = 0; i < 10; i++) await append(7);
    await caughtUp();
    await expectWhole();
  });

  it('goes on without leaving anything out when writes fail, though they were kept in part', async () => {
    const failures: unknown[] = [];
    let writes = 0;
    const broken: LaneWriter = {
      ...topic.writer,
      async write(messages) {
        const failing = ++writes % 2 === 1;
        const part = [...messages].map(([lane, all]): [number, readonly LaneMessage[]] => [
          lane,
          failing ? all.slice(0, lane * 2) : all,
        ]);
        await noting(topic.writer).write(new Map(part));
        if (failing) throw new Error('the broker went away');
      },
    };
    relay(broken, failures);
    await append(30);
    await caughtUp();
    await expectWhole();
    expect(failures).not.toEqual([]);
  });

  it('tells how far behind it is, and why', async () => {
    await append(4);
    const away = { ...topic.writer, newest: () => Promise.reject(new Error('no broker')) };
    const one = relay(away);
    await vi.waitFor(async () =>
      expect(await one.standing()).toMatchObject({ lagEvents: 4, error: 'no broker' }),
    );
  });

  it('says once an hour how far it is when nothing comes, and nothing more', async () => {
    await append(2);
    relay();
    await caughtUp();
    await relays[0]?.stop();
    vi.useFakeTimers();
    relay();
    await vi.advanceTimersByTimeAsync(3 * 3_600_000 + 1_000);
    for (const messages of written) {
      const traces = messages.filter(({ previous, position }) => previous === position);
      expect(traces).toEqual(Array(3).fill({ previous: '2', position: '2' }));
    }
  });
});

describe('the chains of the lanes', () => {
  it('begin where the lane furthest behind is, and a lane that holds nothing begins there too', () => {
    const chains = createChains([at(9), at(4), undefined], compareNumbered);
    expect(chains.from).toBe('4');
    const inLane = (lane: number, position: number) => {
      let service = 0;
      while (laneOf({ project: 'p', service: `s${service}` }, lanes) !== lane) service++;
      const one = event('LogWritten', { project: 'p', service: `s${service}` });
      return { ...one, position: at(position), recordedAt: 1, stream: 's' };
    };
    const events = [inLane(0, 6), inLane(1, 7), inLane(2, 8)];
    const messages = chains.messagesOf({ events, to: at(8) });
    const shown = [...messages].map(([lane, all]) => [
      lane,
      all.map(({ previous, position, event: one }) => [previous, position, one !== undefined]),
    ]);
    // Lane 0 has come further already.
    expect(shown).toEqual([
      [
        1,
        [
          ['4', '7', true],
          ['7', '8', false],
        ],
      ],
      [2, [['4', '8', true]]],
    ]);
  });

  it('begin at the start of the log when no lane holds anything', () => {
    const chains = createChains([undefined, undefined], compareNumbered);
    expect(chains.from).toBeUndefined();
    expect(chains.traces().size).toBe(0);
  });
});
