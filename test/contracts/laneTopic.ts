import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { laneOf } from '../../src/domain/lanes.ts';
import { asPosition, type Position } from '../../src/domain/position.ts';
import type {
  AssignedLane,
  DeadLetter,
  DeadLetters,
  LaneGroup,
  LaneMessage,
  LaneWriter,
} from '../../src/projections/lanes/ports.ts';
import { logEvent } from './logEvents.ts';

/** A topic with `contractLanes` lanes and nothing in it; `close` stops what was opened of it. */
export interface OpenedTopic {
  writer: LaneWriter;
  deadLetters: DeadLetters;
  /** Everything that was put there, in order. */
  lettersPut(): Promise<readonly DeadLetter[]>;
  /** Each call is one more process that reads as the group of that name. */
  group(name: string): LaneGroup;
  close(): Promise<void>;
}

export interface LaneTopicContract {
  open: () => Promise<OpenedTopic>;
}

export const contractLanes = 3;

/** Positions as a log has them that counts its events. */
export const at = (number: number): Position => asPosition(String(number));
const numberOf = (position: Position): number => Number(position);

/** An event whose service puts it into the lane. */
export function eventIn(lane: number, position: number): RecordedEvent {
  let service = 0;
  while (laneOf({ project: 'shop', service: `bot ${service}` }, contractLanes) !== lane) service++;
  return {
    ...logEvent(position, { service: `bot ${service}` }),
    recordedAt: 1_760_000_000_000 + position,
    position: at(position),
    stream: `request-${position}`,
  } as RecordedEvent;
}

/** A lane's messages at these positions, each following the one before it. */
export function chain(lane: number, positions: readonly number[], after?: number): LaneMessage[] {
  return positions.map((position, index) => {
    const previous = positions[index - 1] ?? after;
    return {
      previous: previous === undefined ? undefined : at(previous),
      position: at(position),
      event: eventIn(lane, position),
    };
  });
}

const mark = (position: number, after?: number): LaneMessage => ({
  previous: after === undefined ? undefined : at(after),
  position: at(position),
});

/** Someone who reads as a group and takes down what comes; `passes` tells the group about all of it. */
export function follow(group: LaneGroup, { passes = true, except = [] as readonly number[] } = {}) {
  const read = new Map<number, LaneMessage[]>();
  const held = new Map<number, AssignedLane>();
  const log: string[] = [];
  const failures: unknown[] = [];
  const iterate = async (lane: AssignedLane): Promise<void> => {
    for await (const part of lane.messages()) {
      const all = read.get(lane.lane) ?? [];
      read.set(lane.lane, all);
      all.push(...part);
      const last = part.at(-1);
      if (passes && last !== undefined) lane.passed(last.position);
    }
    log.push(`ended ${lane.lane}`);
  };
  const started = group.start({
    assigned: (lane) => {
      held.set(lane.lane, lane);
      log.push(`assigned ${lane.lane}`);
      if (!except.includes(lane.lane)) void iterate(lane);
    },
    revoked: async (lane) => {
      held.delete(lane);
      log.push(`revoked ${lane}`);
    },
    failed: (error) => failures.push(error),
  });
  return {
    started,
    held,
    log,
    failures,
    of: (lane: number): readonly LaneMessage[] => read.get(lane) ?? [],
    numbers: (lane: number): number[] => (read.get(lane) ?? []).map(({ position }) => numberOf(position)),
  };
}

const pending = () => {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
};

const patience = { timeout: 30_000, interval: 20 };
export const soon = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, patience);
const allLanes = Array.from({ length: contractLanes }, (_, lane) => lane);

/** Every promise of a topic in lanes, by name. */
export function laneTopicContract(name: string, { open }: LaneTopicContract): void {
  describe(`lanes: ${name}`, () => {
    let topic: OpenedTopic;
    let groups: LaneGroup[];
    const join = (group: string, options?: Parameters<typeof follow>[1]) => {
      const member = topic.group(group);
      groups.push(member);
      return { ...follow(member, options), stop: () => member.stop(), group: member };
    };
    const write = (lane: number, messages: readonly LaneMessage[]): Promise<void> =>
      topic.writer.write(new Map([[lane, messages]]));

    beforeEach(async () => {
      groups = [];
      topic = await open();
    });
    afterEach(async () => {
      await Promise.all(groups.map((group) => group.stop()));
      await topic.close();
    });

    it('a topic in which nothing was written has no newest position in any lane', async () => {
      expect(topic.writer.lanes).toBe(contractLanes);
      expect(await topic.writer.newest()).toEqual(allLanes.map(() => undefined));
    });

    it('the newest position of each lane is what was written last, be it an event or a mark', async () => {
      await topic.writer.write(
        new Map([
          [0, chain(0, [1, 4])],
          [1, [...chain(1, [2]), mark(4, 2)]],
        ]),
      );
      expect(await topic.writer.newest()).toEqual([at(4), at(4), undefined]);
      await write(2, [mark(9)]);
      expect(await topic.writer.newest()).toEqual([at(4), at(4), at(9)]);
    });

    it('a call without messages does nothing', async () => {
      await topic.writer.write(new Map());
      await topic.writer.write(new Map([[1, []]]));
      expect(await topic.writer.newest()).toEqual(allLanes.map(() => undefined));
    });

    it('what is written comes whole and in its order, lane by lane, from the very beginning on', async () => {
      const sent = [...chain(0, [1, 3, 5]), mark(7, 5)];
      await topic.writer.write(
        new Map([
          [0, sent],
          [2, [mark(7)]],
        ]),
      );
      const reader = join('readers');
      await soon(() => expect(reader.of(0)).toEqual(sent));
      await soon(() => expect(reader.of(2)).toEqual([mark(7)]));
      expect(reader.of(1)).toEqual([]);
    });

    it('what is written while somebody reads comes too, repetitions included', async () => {
      const reader = join('readers');
      await write(0, chain(0, [1, 2, 3]));
      await soon(() => expect(reader.numbers(0)).toEqual([1, 2, 3]));
      await write(0, chain(0, [2, 3], 1));
      await write(0, chain(0, [4], 3));
      await soon(() => expect(reader.numbers(0)).toEqual([1, 2, 3, 2, 3, 4]));
    });

    it('a large write keeps its order', async () => {
      const numbers = Array.from({ length: 5_000 }, (_, index) => index + 1);
      await topic.writer.write(new Map(allLanes.map((lane) => [lane, chain(lane, numbers)])));
      const reader = join('readers');
      for (const lane of allLanes) await soon(() => expect(reader.of(lane)).toHaveLength(numbers.length));
      for (const lane of allLanes) expect(reader.numbers(lane)).toEqual(numbers);
      expect(await topic.writer.newest()).toEqual(allLanes.map(() => at(5_000)));
    });

    it('one alone in its group is given every lane, once', async () => {
      const reader = join('readers');
      await soon(() => expect([...reader.held.keys()].sort()).toEqual(allLanes));
      expect(reader.log.filter((line) => line.startsWith('assigned')).sort()).toEqual(
        allLanes.map((lane) => `assigned ${lane}`),
      );
    });

    it('each group reads everything for itself', async () => {
      await write(1, chain(1, [1, 2]));
      const [one, two] = [join('one'), join('two')];
      await soon(() => expect(one.numbers(1)).toEqual([1, 2]));
      await soon(() => expect(two.numbers(1)).toEqual([1, 2]));
    });

    it('a lane that nobody asks for holds up no other', async () => {
      const reader = join('readers', { except: [0] });
      await topic.writer.write(
        new Map([
          [0, chain(0, [1])],
          [1, chain(1, [2])],
        ]),
      );
      await soon(() => expect(reader.numbers(1)).toEqual([2]));
      await write(1, chain(1, [3], 2));
      await soon(() => expect(reader.numbers(1)).toEqual([2, 3]));
      expect(reader.of(0)).toEqual([]);
    });

    it('what was passed does not come again to the next of the group', async () => {
      await write(0, chain(0, [1, 2]));
      const first = join('readers');
      await soon(() => expect(first.numbers(0)).toEqual([1, 2]));
      await first.stop();
      await write(0, chain(0, [3], 2));
      const second = join('readers');
      await soon(() => expect(second.numbers(0)).toEqual([3]));
    });

    it('what was not passed comes again', async () => {
      await write(0, chain(0, [1, 2]));
      const first = join('readers', { passes: false });
      await soon(() => expect(first.numbers(0)).toEqual([1, 2]));
      await first.stop();
      const second = join('readers');
      await soon(() => expect(second.numbers(0)).toEqual([1, 2]));
    });

    it('two of a group share the lanes, and who stays takes over those of one that stops', async () => {
      const first = join('readers');
      await soon(() => expect(first.held.size).toBe(contractLanes));
      const second = join('readers');
      await soon(() => {
        expect(second.held.size).toBeGreaterThan(0);
        expect([...first.held.keys(), ...second.held.keys()].sort()).toEqual(allLanes);
      });
      await topic.writer.write(new Map(allLanes.map((lane) => [lane, chain(lane, [1, 2])])));
      await soon(() => {
        for (const lane of allLanes) {
          const comes = [...first.numbers(lane), ...second.numbers(lane)];
          expect(comes).toEqual([1, 2]);
        }
      });
      await first.stop();
      await soon(() => expect([...second.held.keys()].sort()).toEqual(allLanes));
      await topic.writer.write(new Map(allLanes.map((lane) => [lane, chain(lane, [3], 2)])));
      for (const lane of allLanes) await soon(() => expect(second.numbers(lane).at(-1)).toBe(3));
    });

    it('a lane is taken away before another has it: its messages end, and the holder is waited for', async () => {
      const story: string[] = [];
      const held = new Set<number>();
      const letGo = pending();
      const first = topic.group('readers');
      groups.push(first);
      const iterate = async (lane: AssignedLane): Promise<void> => {
        for await (const _ of lane.messages());
        story.push('ended');
      };
      await first.start({
        assigned: (lane) => {
          held.add(lane.lane);
          void iterate(lane);
        },
        revoked: async () => {
          story.push('asked');
          await letGo.promise;
          story.push('let go');
        },
        failed: () => {},
      });
      await soon(() => expect(held.size).toBe(contractLanes));
      const second = topic.group('readers');
      groups.push(second);
      await second.start({
        assigned: () => story.push('another has it'),
        revoked: async () => {},
        failed: () => {},
      });
      await soon(() => expect(story.filter((line) => line === 'ended')).toHaveLength(contractLanes));
      expect(story).toContain('asked');
      expect(story).not.toContain('another has it');
      letGo.resolve();
      await soon(() => expect(story).toContain('another has it'));
      expect(
        story.slice(0, story.indexOf('another has it')).filter((line) => line === 'let go'),
      ).toHaveLength(contractLanes);
    });

    it('at a stop every lane is taken away, and its messages end', async () => {
      const reader = join('readers');
      await soon(() => expect(reader.held.size).toBe(contractLanes));
      await reader.stop();
      expect(reader.held.size).toBe(0);
      await soon(() => {
        for (const lane of allLanes) {
          expect(reader.log).toContain(`revoked ${lane}`);
          expect(reader.log).toContain(`ended ${lane}`);
        }
      });
      await reader.stop();
    });

    it('nothing waits behind what was read to its end', async () => {
      await write(0, chain(0, [1, 2, 3]));
      const reader = join('readers');
      await soon(() => {
        expect(reader.numbers(0)).toEqual([1, 2, 3]);
        expect(reader.held.get(0)?.waiting()).toBe(0);
      });
    });

    it('what was set aside can be read with its reason, where it stood, and as it was', async () => {
      const bytes = new Uint8Array([0, 255, 10, 128]);
      const whole: DeadLetter = { lane: 1, reason: 'no JSON', offset: '7', position: '12', value: bytes };
      const bare: DeadLetter = { lane: 2, reason: 'too large: Größe', value: 'a text' };
      await topic.deadLetters.put(whole);
      await topic.deadLetters.put(bare);
      const [first, second, ...more] = await topic.lettersPut();
      expect(more).toEqual([]);
      expect({ ...first, value: Buffer.from(first?.value ?? '') }).toEqual({
        ...whole,
        value: Buffer.from(bytes),
      });
      expect({ ...second, value: String(Buffer.from(second?.value ?? '')) }).toEqual(bare);
    });
  });
}
