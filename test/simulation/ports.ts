import type { createMemoryLaneTopic, MemoryMember } from '../../src/adapters/memory/laneTopic.ts';
import type { AssignedLane, LaneGroup, LaneMessage, LaneWriter } from '../../src/projections/lanes/ports.ts';
import type { EventLog } from '../../src/projections/ports.ts';
import type { SimulatedProcess, Surroundings } from './process.ts';

export type Topic = ReturnType<typeof createMemoryLaneTopic>;

/** The log as one process reaches it. */
export function logOf(process: SimulatedProcess, log: EventLog): EventLog {
  return {
    ...log,
    append: (appends) => process.call('append', () => log.append(appends)),
    head: () => process.call('head', () => log.head()),
    read: (options) => process.parts('read', log.read(options)),
    subscribe: (options) => process.parts('subscribe', log.subscribe(options)),
    readStream: (stream, options) => process.parts('readStream', log.readStream(stream, options)),
    readByTime: (range) => process.parts('readByTime', log.readByTime(range)),
  };
}

/** A write that fails may have been kept in full, or each lane's beginning of it. */
export function writerOf(
  process: SimulatedProcess,
  { writer }: Topic,
  { random, trouble }: Surroundings,
): LaneWriter {
  return {
    ...writer,
    newest: () => process.call('newest', () => writer.newest()),
    write: (messages) =>
      process.call('write', async () => {
        if (!random.chance(0.05 * trouble.level)) return await writer.write(messages);
        const begun = [...messages].map(([lane, all]): [number, readonly LaneMessage[]] => [
          lane,
          all.slice(0, random.int(all.length + 1)),
        ]);
        await writer.write(new Map(begun));
        throw new Error('the broker went away');
      }),
  };
}

/** A member of the group that is lost when it is not heard of, and joins again when it is back. */
export function groupOf(process: SimulatedProcess, topic: Topic, around: Surroundings): LaneGroup {
  let member: MemoryMember = topic.group('projections');
  let isLost = false;
  const join = async (handlers: Parameters<LaneGroup['start']>[0]): Promise<void> => {
    await process.reachable();
    await member.start({
      assigned: (lane) => {
        void process.delay().then(() => handlers.assigned(laneOf(process, lane, around)));
      },
      revoked: async (lane) => {
        await process.reachable();
        await process.delay();
        await handlers.revoked(lane);
      },
      failed: handlers.failed,
    });
  };
  return {
    lanes: member.lanes,
    async start(handlers) {
      process.onLost = () => {
        isLost = true;
        member.lose();
      };
      process.onHealed = () => {
        if (!isLost) return;
        isLost = false;
        member = topic.group('projections');
        void join(handlers);
      };
      await join(handlers);
    },
    ping: async () => undefined,
    stop: () => member.stop(),
  };
}

/** Messages come late and more than once, and the topic may have forgotten some. */
function laneOf(
  process: SimulatedProcess,
  lane: AssignedLane,
  { random, trouble }: Surroundings,
): AssignedLane {
  async function* messages(): AsyncGenerator<readonly LaneMessage[]> {
    const seen: LaneMessage[] = [];
    for await (const part of lane.messages()) {
      await process.reachable();
      await process.delay();
      seen.push(...part);
      const back = random.chance(0.1 * trouble.level) ? random.int(seen.length) : seen.length;
      const isForgotten = random.chance(0.05 * trouble.level);
      yield [...seen.slice(back), ...(isForgotten ? part.slice(random.int(part.length)) : part)];
    }
  }
  return { ...lane, messages };
}
